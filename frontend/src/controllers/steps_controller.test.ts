import { expect, it, vi } from "vitest";
import { find, settled, show, texts } from "../testing/page";
import { StepsController } from "./steps_controller";

const PAGE = `<details data-controller="steps" data-steps-url-value="/steps" data-action="toggle->steps#look">
  <summary>Steps</summary><ol data-steps-target="list"><li>Draft</li></ol></details>`;

async function look(open: boolean): Promise<void> {
  const details = find<HTMLDetailsElement>("details");
  details.open = open;
  details.dispatchEvent(new Event("toggle"));
  await settled();
  await settled();
}

it("reads the steps again whenever somebody looks", async () => {
  const fetch = vi.fn(async () => new Response("<li>Approved &lt;b&gt;</li>"));
  vi.stubGlobal("fetch", fetch);
  await show(PAGE, { steps: StepsController });
  await look(false);
  expect(fetch).not.toHaveBeenCalled();
  await look(true);
  expect(fetch).toHaveBeenCalledWith("/steps");
  expect(texts("li")).toEqual(["Approved <b>"]);
});

it("keeps what it shows while the server does not answer", async () => {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response("", { status: 503 })),
  );
  await show(PAGE, { steps: StepsController });
  await look(true);
  expect(texts("li")).toEqual(["Draft"]);
});
