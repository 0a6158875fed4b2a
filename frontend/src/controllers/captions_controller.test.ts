import { beforeEach, expect, it } from "vitest";
import type { CaptionFinal, CaptionPartial, RoomEvent, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { CaptionsController } from "./captions_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const final = goldenMessage<CaptionFinal>("room_events", "final");
const gap = goldenMessage<CaptionFinal>("room_events", "gap");
const partial = goldenMessage<CaptionPartial>("room_events", "partial with an unsettled end");
const other = goldenMessage<CaptionPartial>("room_events", "partial from right to left");

const segment = template("meetings/_segment.html");
const page = `
  <section data-controller="captions" data-action="room:changed@window->captions#update">
    <div data-captions-target="scroll" data-action="scroll->captions#scrolled">
      <p data-captions-target="empty">Nothing yet</p>
      <div id="log" role="log" data-captions-target="log"></div>
      <div id="lanes" data-captions-target="lanes"></div>
    </div>
    <button hidden data-captions-target="jump" data-action="captions#jump">Jump</button>
    <template data-captions-target="template">${segment}</template>
  </section>`;

let store: RoomStore;

beforeEach(async () => {
  store = new RoomStore(417);
  await show(page, { captions: CaptionsController });
  apply(welcome);
});

function apply(...events: RoomEvent[]): void {
  for (const event of events) announce("room:changed", { store, final: store.apply(event, 0) });
}

/** How the scrolled area is laid out, which happy-dom does not do. */
function layOut(sizes: { scrollHeight: number; clientHeight: number }): void {
  for (const [name, value] of Object.entries(sizes)) {
    Object.defineProperty(find('[data-captions-target="scroll"]'), name, { value, configurable: true });
  }
}

it("shows a final with its time, speaker, colour, language and direction", () => {
  apply(final);
  expect(texts("#log [data-slot=time], #log [data-slot=name], #log [data-slot=text]")).toEqual([
    "01:05",
    final.name,
    final.text,
  ]);
  expect(find("#log .segment").dataset.color).toBe("0");
  expect(find("#log [data-slot=text]").lang).toBe("en");
  expect(texts("p")).not.toContain("Nothing yet");
});

it("tells agreed words from those that may change, also after an emoji", () => {
  apply(partial);
  expect(find("#lanes .unsettled").textContent).toBe("every");
  expect(find("#lanes [data-slot=text]").textContent).toBe(partial.text);
});

it("turns a lane into its final where it stands, without building it anew", () => {
  apply(partial, other);
  const lane = find("#lanes .segment");
  apply(final);
  expect(find("#log .segment")).toBe(lane);
  expect(lane.classList.contains("is-partial")).toBe(false);
  expect(texts("#lanes [data-slot=text]")).toEqual([other.text]);
});

it("keeps a lane for everyone who speaks, from right to left where that is so", () => {
  apply(partial, other);
  expect(texts("#lanes [data-slot=name]")).toEqual(welcome.participants.map((person) => person.name));
  expect(find("#lanes .segment:last-child [data-slot=text]").dir).toBe("rtl");
});

it("puts a caption that came late in its place", () => {
  apply(
    { ...final, sequence: 420, text: "third" },
    { ...final, text: "first" },
    { ...final, sequence: 419, text: "two" },
  );
  expect(texts("#log [data-slot=text]")).toEqual(["first", "two", "third"]);
});

it("shows a correction in its line", () => {
  apply(final, { ...final, revision: 1, text: "Good evening." });
  expect(texts("#log [data-slot=text]")).toEqual(["Good evening."]);
});

it("shows how much audio did not arrive", () => {
  apply(gap);
  expect(find("#log .segment").dataset.kind).toBe("gap");
  expect(find("#log [data-slot=gap]").textContent).toBe("2.3");
});

it("names a speaker once while nobody else speaks", () => {
  apply(final, { ...final, sequence: 419 }, { ...final, sequence: 420, participant_id: "somebody else" });
  const continued = Array.from(document.querySelectorAll("#log .segment"), (line) =>
    line.classList.contains("is-continued"),
  );
  expect(continued).toEqual([false, true, false]);
});

it("shows markup in names and texts as it was said", () => {
  apply({ ...final, name: "<b>Bold</b>", text: "<img src=x onerror=alert(1)>" });
  expect(document.querySelector("#log img, #log b")).toBeNull();
  expect(texts("#log [data-slot=text]")).toEqual(["<img src=x onerror=alert(1)>"]);
});

it("holds its place when scrolled back, and jumps to the live end on request", () => {
  const scroll = find('[data-captions-target="scroll"]');
  layOut({ scrollHeight: 2_000, clientHeight: 500 });
  scroll.scrollTop = 300;
  scroll.dispatchEvent(new Event("scroll"));
  apply(final);
  expect(scroll.scrollTop).toBe(300);
  expect(find("button").hidden).toBe(false);
  find("button").click();
  expect(scroll.scrollTop).toBe(2_000);
  expect(find("button").hidden).toBe(true);
});

it("follows what is said while at the end", () => {
  layOut({ scrollHeight: 2_000, clientHeight: 500 });
  apply(final);
  expect(find('[data-captions-target="scroll"]').scrollTop).toBe(2_000);
});
