import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, settled, show, template, texts } from "../testing/page";
import { SecondPassController } from "./second_pass_controller";

const suggestion = (sequence: number, name: string, gone: string, fresh: string) => ({
  sequence,
  start_ms: 61_000,
  participant_id: name.toLowerCase(),
  name,
  diff: [
    ["same", "It is"],
    ["gone", gone],
    ["new", fresh],
  ],
});
const nothing = { stage: "", says: "", percent: 0, reason: "", unplaced: 0, count: 0, suggestions: [] };
const done = {
  ...nothing,
  stage: "done",
  says: "Done",
  count: 2,
  suggestions: [suggestion(1, "Grace", "nine", "ten"), suggestion(2, "Alan", "red", "read")],
};
let state: object;
let sent: Array<[string, unknown]>;

beforeEach(async () => {
  state = nothing;
  sent = [];
  vi.stubGlobal("fetch", async (address: string | URL, init?: RequestInit) => {
    if (init?.method !== "POST") return new Response(JSON.stringify(state));
    sent.push([new URL(address).pathname, JSON.parse(String(init.body))]);
    return new Response(JSON.stringify({ operation: "op-1" }), { headers: { "Content-Type": "application/json" } });
  });
});

afterEach(() => vi.unstubAllGlobals());

async function shown(now: object): Promise<void> {
  state = now;
  const html = template("meetings/_second_pass.html").replace('url-value=""', 'url-value="/m/c/review/again"');
  await show(html, { "second-pass": SecondPassController });
  await settled();
}

async function press(selector: string): Promise<void> {
  find(selector).click();
  await settled();
  await settled();
}

it("begins and follows the work", async () => {
  await shown(nothing);
  state = { ...nothing, stage: "listening", says: "Listening again", percent: 40 };
  await press(".second-pass-begin");
  expect(sent).toEqual([["/m/c/review/again/begin", {}]]);
  expect(find<HTMLProgressElement>("progress").value).toBe(40);
  expect(find("[data-second-pass-target=progress]").hidden).toBe(false);
  expect(find(".second-pass-begin").hidden).toBe(true);
});

it("shows each suggestion as a word diff", async () => {
  await shown(done);
  expect(texts(".second-pass-list .second-pass-diff")).toEqual(["It is nine ten", "It is red read"]);
  expect(texts(".second-pass-list del, .second-pass-list ins")).toEqual(["nine", "ten", "red", "read"]);
  expect(texts(".second-pass-list .second-pass-who")).toEqual(["01:01 Grace", "01:01 Alan"]);
});

it("takes a line, a speaker's lines or all, and takes that back", async () => {
  const told: unknown[] = [];
  document.addEventListener("second-pass:taken", (event) => told.push((event as CustomEvent).detail), { once: true });
  await shown(done);
  await press(".second-pass-list li:nth-child(2) button");
  expect(told).toEqual(["op-1"]);
  find<HTMLSelectElement>("select").value = "alan";
  await press("[data-action='second-pass#takeSpeaker']");
  await press("[data-action='second-pass#takeAll']");
  await press("[data-second-pass-target=undo]");
  expect(sent).toEqual([
    ["/m/c/review/again/take", { sequences: [2] }],
    ["/m/c/review/again/take", { participant_id: "alan" }],
    ["/m/c/review/again/take", {}],
    ["/m/c/review/change", { type: "undo", operation: "op-1" }],
  ]);
});

it("says why nothing could be begun", async () => {
  await shown(nothing);
  vi.stubGlobal("fetch", async (_address: string, init?: RequestInit) =>
    init?.method === "POST"
      ? new Response('{"message":"No model."}', { status: 409, headers: { "Content-Type": "application/json" } })
      : new Response(JSON.stringify(nothing)),
  );
  await press(".second-pass-begin");
  expect(texts("[data-second-pass-target=problem]")).toEqual(["No model."]);
});

it("says that nothing is suggested, or why it failed", async () => {
  await shown({ ...done, count: 0, suggestions: [] });
  expect(find("[data-second-pass-target=none]").hidden).toBe(false);
  await shown({ ...nothing, stage: "failed", says: "Failed", reason: "No model" });
  expect(texts("[data-second-pass-target=says]")).toEqual(["Failed: No model"]);
});
