import { beforeEach, expect, it } from "vitest";
import type { AddMark, CaptionFinal, EditMark, Mark, RoomEvent, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template, texts } from "../testing/page";
import { CaptionsController } from "./captions_controller";
import { MarkFlowController } from "./mark_flow_controller";
import { MarksController } from "./marks_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const final = goldenMessage<CaptionFinal>("room_events", "final");
const mark = goldenMessage<Mark>("room_events", "mark");

const oneMark = template("meetings/_mark.html");
const page = `
  <section data-controller="captions mark-flow"
           data-action="room:changed@window->captions#update room:changed@window->mark-flow#update">
    <div data-captions-target="scroll">
      <p data-captions-target="empty">Nothing yet</p>
      <div class="captions-log" data-captions-target="log" data-mark-flow-target="log"></div>
      <div data-captions-target="lanes"></div>
    </div>
    <button hidden data-captions-target="jump">Jump<i data-captions-target="fresh"><i data-slot="fresh"></i></i></button>
    <template data-captions-target="template">${template("meetings/_segment.html")}</template>
    <template data-mark-flow-target="template">${oneMark}</template>
  </section>
  ${template("meetings/_marks.html").replace('<template data-marks-target="template">', `$&${oneMark}`)}`;

let store: RoomStore;
let sent: Array<AddMark | EditMark>;

window.addEventListener("mark:send", (event) => sent.push((event as CustomEvent).detail.request));

beforeEach(async () => {
  store = new RoomStore(417);
  sent = [];
  await show(page, { captions: CaptionsController, "mark-flow": MarkFlowController, marks: MarksController });
  apply(welcome, final);
});

function apply(...events: RoomEvent[]): void {
  for (const event of events) announce("room:changed", { store, final: store.apply(event, 0) });
}

function field(name: string): HTMLInputElement {
  return find<HTMLFormElement>("form").elements.namedItem(name) as HTMLInputElement;
}

function submit(): void {
  find("form").dispatchEvent(new Event("submit", { cancelable: true }));
}

function flow(): string[] {
  return texts(".captions-log > * [data-slot=text]");
}

it("shows a mark in the list and under its caption, with owner and day", () => {
  apply({ ...final, sequence: 419, text: "Later." }, mark);
  expect(flow()).toEqual([final.text, mark.text, "Later."]);
  expect(texts(".marks [data-slot=text], .marks [data-slot=owner]")).toEqual([mark.text, mark.owner]);
  expect(find<HTMLTimeElement>(".marks time").dateTime).toBe("2026-03-20");
});

it("puts a mark without a caption where the meeting stood, and later captions around it", () => {
  const early = { ...final, sequence: 419, start_ms: final.start_ms + 1, text: "Before." };
  apply({ ...mark, sequence: null, at_ms: final.start_ms + 5_000 });
  apply({ ...final, sequence: 420, start_ms: final.start_ms + 9_000, text: "After." }, early);
  expect(flow()).toEqual([final.text, "Before.", mark.text, "After."]);
});

it("makes an action item of the newest line with its owner and day", () => {
  announce("mark:compose", { kind: "action", sequence: null });
  expect(texts("[data-slot=quote]")).toEqual([final.text]);
  field("text").value = " Write to the caterer ";
  field("owner").value = "Grace";
  field("due").value = "2026-03-20";
  submit();
  expect(sent[0]).toMatchObject({
    type: "mark",
    kind: "action",
    text: "Write to the caterer",
    owner: "Grace",
    due: "2026-03-20",
    sequence: final.sequence,
  });
  expect(sent[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(field("text").value).toBe("");
});

it("writes chat that belongs to no line, and no owner", () => {
  announce("mark:compose", { kind: "chat", sequence: null });
  field("text").value = "Hello";
  field("owner").value = "Grace";
  submit();
  expect(sent[0]).toMatchObject({ kind: "chat", text: "Hello", owner: "", due: null, sequence: null });
});

it("sends nothing without a text", () => {
  field("text").value = "  ";
  submit();
  expect(sent).toEqual([]);
});

it("changes and takes back one's own, and undoes that", async () => {
  apply(mark);
  await settled();
  find(`.marks [data-mark="${mark.id}"] .mark-edit`).click();
  field("text").value = "Call the caterer";
  submit();
  find(`.marks [data-mark="${mark.id}"] .mark-withdraw`).click();
  apply({ ...mark, change: 32, revision: 1, withdrawn: true });
  expect(flow()).toEqual([final.text]);
  find(`.marks [data-mark="${mark.id}"] .mark-restore`).click();
  expect(sent).toMatchObject([
    { type: "mark.edit", revision: 0, text: "Call the caterer", withdrawn: false },
    { revision: 0, withdrawn: true },
    { revision: 1, withdrawn: false },
  ]);
});

it("does not offer to change what others wrote, nor show what they took back, except to a host", () => {
  store.you = "somebody else";
  apply(mark);
  expect(find(".marks [data-slot=mine]").hidden).toBe(true);
  apply({ ...mark, change: 32, revision: 1, withdrawn: true });
  expect(texts(".marks [data-slot=text]")).toEqual([]);
});

it("as a sheet over the captions leaves them to nobody, until it closes and gives the focus back", () => {
  document.body.insertAdjacentHTML(
    "beforeend",
    '<section class="captions"></section><aside class="people"></aside><button id="opener"></button>',
  );
  find(".marks").style.position = "absolute";
  find("#opener").focus();
  announce("marks:toggle");
  expect(document.activeElement).toBe(field("text"));
  expect([find(".captions").inert, find(".people").inert]).toEqual([true, true]);
  field("text").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect([find(".captions").inert, find(".people").inert]).toEqual([false, false]);
  expect(document.activeElement).toBe(find("#opener"));
});

it("leaves the captions alone beside them, also when the window grows while it is open", () => {
  document.body.insertAdjacentHTML("beforeend", '<section class="captions"></section>');
  find(".marks").style.position = "absolute";
  announce("marks:toggle");
  find(".marks").style.position = "static";
  window.dispatchEvent(new Event("resize"));
  expect(find(".captions").inert).toBe(false);
});

it("keeps the newest in view, and shows what was made here also where it stands further back", () => {
  const list = find("[data-marks-target=scroll]");
  Object.defineProperties(list, { scrollHeight: { value: 900 }, clientHeight: { value: 300 } });
  list.scrollTop = 600;
  apply(mark);
  expect(list.scrollTop).toBe(900);
  list.scrollTop = 100;
  apply({ ...mark, id: "another", change: 40 });
  expect(list.scrollTop).toBe(100);
  field("text").value = "Mine";
  submit();
  let shown = "";
  HTMLElement.prototype.scrollIntoView = function () {
    shown = (this as HTMLElement).dataset.mark ?? "";
  };
  apply({ ...mark, id: sent[0]?.id ?? "", change: 41, at_ms: 0 });
  expect(shown).toBe(sent[0]?.id);
});

it("says when the server did not take a mark", () => {
  announce("room:denied", { code: "mark_changed_meanwhile", message: "", about: mark.id });
  expect(texts(".mark-denied > [data-code=mark_changed_meanwhile]")).toHaveLength(1);
});
