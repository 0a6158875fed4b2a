import { expect, it, vi } from "vitest";
import { show } from "../testing/page";
import { ReloadController } from "./reload_controller";

it("loads the page again after 3 s", async () => {
  const later = vi.spyOn(window, "setTimeout");
  ReloadController.reload = vi.fn();
  await show('<p data-controller="reload"></p>', { reload: ReloadController });
  const [run] = later.mock.calls.find(([, ms]) => ms === 3_000) ?? [];
  (run as () => void)();
  expect(ReloadController.reload).toHaveBeenCalledOnce();
});
