import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, show } from "../testing/page";
import { JobController } from "./job_controller";

const page = `
  <section data-controller="job" data-job-url-value="/state/">
    <strong data-job-target="stage">Waiting</strong><span data-job-target="percent">0 %</span>
    <progress max="100" value="5" data-job-target="bar"></progress>
  </section>`;
let state = { stage: "Transcribing", percent: 40, over: false };
const reload = vi.fn();

beforeEach(async () => {
  vi.useFakeTimers();
  reload.mockClear();
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(state)));
  vi.stubGlobal("location", { reload });
  const shown = show(page, { job: JobController });
  await vi.advanceTimersByTimeAsync(1);
  await shown;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("shows the stage and the share", async () => {
  await vi.advanceTimersByTimeAsync(2_100);
  expect(find("strong").textContent).toBe("Transcribing");
  expect(find("span").textContent).toBe("40 %");
  expect(reload).not.toHaveBeenCalled();
});

it("loads the page again when it is over", async () => {
  state = { stage: "Done", percent: 100, over: true };
  await vi.advanceTimersByTimeAsync(2_100);
  expect(reload).toHaveBeenCalled();
});
