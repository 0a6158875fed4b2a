import { beforeEach, expect, it } from "vitest";
import type { CaptionFinal, Mark, OffRecord, RoomEvent } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { CaptionsController } from "./captions_controller";
import { MarkFlowController } from "./mark_flow_controller";
import { RecordFlowController } from "./record_flow_controller";

const final = goldenMessage<CaptionFinal>("room_events", "final");
const mark = goldenMessage<Mark>("room_events", "mark");
const offRecord = goldenMessage<OffRecord>("room_events", "on the record again");
const changed = ["captions", "mark-flow", "record-flow"].map((name) => `room:changed@window->${name}#update`).join(" ");
const page = `
  <section data-controller="captions mark-flow record-flow" data-action="${changed}">
    <div data-captions-target="scroll">
      <p data-captions-target="empty"></p>
      <div id="log" data-captions-target="log" data-mark-flow-target="log" data-record-flow-target="log"></div>
      <div data-captions-target="lanes"></div>
    </div>
    <button data-captions-target="jump"></button>
    <span data-captions-target="fresh"><span data-slot="fresh"></span></span>
    <template data-captions-target="template">${template("meetings/_segment.html")}</template>
    <template data-mark-flow-target="template">${template("meetings/_mark.html")}</template>
    <template data-record-flow-target="template"><p class="record-span">
      <span data-slot="from"></span><span data-slot="ended"> to <span data-slot="until"></span></span></p></template>
  </section>`;

let store: RoomStore;

beforeEach(async () => {
  store = new RoomStore(0);
  await show(page, {
    captions: CaptionsController,
    "mark-flow": MarkFlowController,
    "record-flow": RecordFlowController,
  });
});

function apply(...events: RoomEvent[]): void {
  for (const event of events) announce("room:changed", { store, final: store.apply(event, 0) });
}

/** Two lines of one speaker, one after the other. */
function goOn(): void {
  const second = { ...final, sequence: 419, start_ms: final.end_ms + 100, end_ms: final.end_ms + 2_000 };
  apply(final, { ...second, text: "And so on." });
}

/** What follows what; a line that says who speaks has the name before it. */
function flow(): string[] {
  return Array.from(find("#log").children, (line) => {
    if (!line.matches(".segment")) return line.className;
    return line.matches(".is-continued") ? "line" : "name: line";
  });
}

it("puts a mark after its line, and who goes on after it is named again", () => {
  goOn();
  expect(flow()).toEqual(["name: line", "line"]);
  apply(mark);
  expect(flow()).toEqual(["name: line", "mark", "name: line"]);
});

it("puts a mark of a moment where the meeting stood then", () => {
  goOn();
  apply({ ...mark, sequence: null, at_ms: final.start_ms - 1 });
  expect(flow()).toEqual(["mark", "name: line", "line"]);
});

it("shows a mark as it was changed, and not any more when it is taken back", () => {
  apply(final, mark, { ...mark, change: 32, text: "Write to the hotel" });
  expect(texts("#log .mark-text")).toEqual(["Write to the hotel"]);
  apply({ ...mark, change: 33, withdrawn: true });
  expect(flow()).toEqual(["name: line"]);
});

it("puts a stretch off the record where it was, and who goes on after it is named again", () => {
  goOn();
  apply({ ...offRecord, start_ms: final.end_ms });
  expect(flow()).toEqual(["name: line", "record-span", "name: line"]);
});
