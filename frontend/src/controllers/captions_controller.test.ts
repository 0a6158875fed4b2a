import { beforeEach, expect, it, vi } from "vitest";
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
  <section data-controller="captions" data-action="room:changed@window->captions#update room:link@window->captions#link">
    <div data-captions-target="scroll" data-action="scroll->captions#scrolled">
      <p data-captions-target="empty">Nothing yet</p>
      <div id="log" role="log" data-captions-target="log"></div>
      <div id="lanes" data-captions-target="lanes"></div>
    </div>
    <button hidden data-captions-target="jump" data-action="captions#jump">Jump
      <span hidden data-captions-target="fresh"><span data-slot="fresh"></span> new</span></button>
    <template data-captions-target="break"><p class="captions-break">away for <span data-slot="away"></span></p></template>
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

it("marks a line that another microphone heard better, and names the speaker anew after it", () => {
  apply(final, { ...final, sequence: 419, copy: true }, { ...final, sequence: 420 });
  const lines = Array.from(document.querySelectorAll<HTMLElement>("#log .segment"));
  expect(lines.map((line) => "copy" in line.dataset)).toEqual([false, true, false]);
  expect(lines.map((line) => line.classList.contains("is-continued"))).toEqual([false, false, false]);
  apply({ ...final, sequence: 419, revision: 2, copy: false });
  expect("copy" in (lines[1] as HTMLElement).dataset).toBe(false);
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
  find("[data-captions-target=jump]").click();
  scroll.dispatchEvent(new Event("scroll"));
  scroll.scrollTop = 300;
  scroll.dispatchEvent(new Event("scroll"));
  apply(final);
  expect(scroll.scrollTop).toBe(300);
  expect(find("[data-captions-target=jump]").hidden).toBe(false);
  expect(texts("[data-captions-target=jump] [data-slot=fresh]")).toEqual(["1"]);
  find("[data-captions-target=jump]").click();
  expect(scroll.scrollTop).toBe(2_000);
  expect(find("[data-captions-target=jump]").hidden).toBe(true);
});

it("follows what is said while at the end, also when the page grew by itself meanwhile", () => {
  layOut({ scrollHeight: 1_000, clientHeight: 500 });
  apply(final);
  layOut({ scrollHeight: 2_000, clientHeight: 500 });
  find('[data-captions-target="scroll"]').dispatchEvent(new Event("scroll"));
  apply({ ...final, sequence: 419 });
  expect(find('[data-captions-target="scroll"]').scrollTop).toBe(2_000);
});

it("stays with a line that is being corrected, and goes on after that", () => {
  apply(final);
  const line = find("#log .segment");
  line.classList.add("is-being-fixed");
  layOut({ scrollHeight: 2_000, clientHeight: 500 });
  apply({ ...final, sequence: 419 });
  expect(find('[data-captions-target="scroll"]').scrollTop).toBeLessThan(2_000);
  line.classList.remove("is-being-fixed");
  apply(partial);
  expect(find('[data-captions-target="scroll"]').scrollTop).toBe(2_000);
});

it("touches only the words that change, so that a lane grows and does not flicker", () => {
  apply(partial);
  const [settled, unsettled] = Array.from(find("#lanes [data-slot=text]").childNodes);
  apply({ ...partial, text: `${partial.text}body agrees`, stable_chars: partial.stable_chars + 5 });
  expect(Array.from(find("#lanes [data-slot=text]").childNodes)).toEqual([settled, unsettled]);
  expect(find("#lanes .unsettled").textContent).toBe("body agrees");
});

it("keeps a lane as high as it has been until it is final", () => {
  apply(partial);
  const lane = find("#lanes .segment");
  Object.defineProperty(lane, "offsetHeight", { value: 64, configurable: true });
  apply({ ...partial, text: `${partial.text} and more` });
  Object.defineProperty(lane, "offsetHeight", { value: 32, configurable: true });
  apply(partial);
  expect(lane.style.minHeight).toBe("64px");
  apply(final);
  expect(lane.style.minHeight).toBe("");
});

it("marks where the connection was away, before what was said meanwhile", () => {
  vi.useFakeTimers();
  apply(final);
  announce("room:link", { link: "lost", code: 0 });
  vi.advanceTimersByTime(70_000);
  announce("room:link", { link: "connected", code: 0 });
  apply({ ...final, sequence: 419, start_ms: final.start_ms + 1_000 });
  vi.useRealTimers();
  expect(Array.from(find("#log").children, (line) => line.className)).toEqual(["segment", "captions-break", "segment"]);
  expect(texts("#log [data-slot=away]")).toEqual(["1 min 10 s"]);
});

it("makes no fuss of a connection that was back at once", () => {
  announce("room:link", { link: "lost", code: 0 });
  announce("room:link", { link: "connected", code: 0 });
  expect(document.querySelector(".captions-break")).toBeNull();
});
