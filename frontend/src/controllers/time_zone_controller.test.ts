import { expect, it } from "vitest";
import { find, show } from "../testing/page";
import { TimeZoneController } from "./time_zone_controller";

it("fills in the browser's time zone", async () => {
  await show('<input type="hidden" data-controller="time-zone">', { "time-zone": TimeZoneController });
  expect(find<HTMLInputElement>("input").value).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});
