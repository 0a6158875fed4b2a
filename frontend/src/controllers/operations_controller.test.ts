import { beforeEach, expect, it, vi } from "vitest";
import type { Moment, Picture, Summary } from "../operations/picture";
import { find, settled, show, template, texts } from "../testing/page";
import { OperationsController } from "./operations_controller";

const NOW = 1_800_000_000;

function summary(p50_ms: number, p95_ms: number, violation_rate = 0): Summary {
  return { count: 10, p50_ms, p95_ms, p99_ms: p95_ms, max_ms: p95_ms, violation_rate };
}

function moment(at: number, caption?: number): Moment {
  const times = caption === undefined ? {} : { caption };
  return { at, p50_ms: times, p95_ms: times, late: 0, lag_ms: 120, streams: 2, frames: 7 };
}

const picture: Picture = {
  limit_ms: 2_000,
  stages: { caption: summary(640, 1_400, 0.008), network: summary(0.4, 30) },
  now: moment(NOW, 640),
  history: [moment(NOW - 20, 500), moment(NOW - 10, 600)],
  streams: [
    { speaker: "<b>Eve</b>", meeting: "Stand-up", stages: { caption: summary(700, 900, 0.5), queue: summary(1, 80) } },
  ],
  processes: [{ name: "web-a-1", age_seconds: 0.4 }],
  transcribers: [{ description: "base, cpu, int8", condition: "ready", lag_ms: 120, streams: 2 }],
  beat_is_silent: false,
};

/** One row of the table that Django repeats for every stage. */
const page = template("operations.html").replaceAll('data-stage=""', 'data-stage="caption"');
let answers: Array<() => Response>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"], shouldAdvanceTime: true });
  answers = [];
  OperationsController.fetch = async () => (answers.shift() ?? (() => new Response("", { status: 503 })))();
});

async function open(): Promise<void> {
  await show(page, { operations: OperationsController });
  await settled();
}

function fact(name: string): string | undefined {
  return texts(`[data-fact=${name}]`)[0];
}

it("shows the SLA, the figures and the plot of the whole way", async () => {
  answers = [() => Response.json(picture)];
  await open();
  expect([fact("inTime"), fact("limit"), fact("caption"), fact("captionSlow")]).toEqual([
    "99.2 %",
    "2.0 s",
    "640 ms",
    "1.4 s",
  ]);
  expect([fact("streams"), fact("lag"), fact("frames")]).toEqual(["2", "120 ms", "7"]);
  expect(texts("[data-figure=p95_ms]")).toEqual(["1.4 s"]);
  expect(find("[data-line=typical]").getAttribute("d")).toMatch(/^M336\.0 [\d.]+L348\.0 [\d.]+L360\.0 [\d.]+$/);
  expect(find("[data-line=limit]").getAttribute("d")).toMatch(/^M0 /);
});

it("lists speakers as text with their slowest stage, and the processes", async () => {
  answers = [() => Response.json(picture)];
  await open();
  expect(texts("[data-operations-target=streams] th")).toEqual(["<b>Eve</b>"]);
  expect(texts("[data-operations-target=streams] td")).toEqual([
    "Stand-up",
    "700 ms",
    "900 ms",
    "50 %",
    "queue, 80 ms",
  ]);
  expect(texts("[data-operations-target=transcribers] tr > *")).toEqual(["base, cpu, int8", "ready", "2", "120 ms"]);
  expect(texts("[data-operations-target=processes]")).toEqual(["web-a-1"]);
  expect(find("[data-operations-target=nobody]").hidden).toBe(true);
});

it("warns when more than one caption in twenty is late", async () => {
  answers = [() => Response.json({ ...picture, stages: { caption: summary(900, 4_000, 0.06) } })];
  await open();
  expect(find("[data-operations-target=sla]").classList.contains("is-late")).toBe(true);
});

it("keeps the old figures and says so while the server does not answer", async () => {
  answers = [() => Response.json(picture), () => new Response("", { status: 503 }), () => Response.json(picture)];
  await open();
  expect(find("[data-operations-target=trouble]").hidden).toBe(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(find("[data-operations-target=trouble]").hidden).toBe(false);
  expect(fact("caption")).toBe("640 ms");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(find("[data-operations-target=trouble]").hidden).toBe(true);
});

it("says that nobody speaks, and draws no line where nothing was measured", async () => {
  answers = [() => Response.json({ ...picture, stages: {}, streams: [], history: [], now: moment(NOW) })];
  await open();
  expect(find("[data-operations-target=nobody]").hidden).toBe(false);
  expect(fact("inTime")).toBe("–");
  expect(find("[data-line=typical]").getAttribute("d")).toBe("");
});

it("says that periodic work stands still, until it goes on", async () => {
  answers = [() => Response.json({ ...picture, beat_is_silent: true }), () => Response.json(picture)];
  await open();
  expect(find("[data-operations-target=beat]").hidden).toBe(false);
  vi.advanceTimersByTime(2_000);
  await settled();
  expect(find("[data-operations-target=beat]").hidden).toBe(true);
});
