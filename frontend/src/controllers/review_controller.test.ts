import { beforeEach, expect, it } from "vitest";
import { line } from "../testing/lines";
import { find, settled, texts } from "../testing/page";
import { type FakeReview, openLine, press, showReview } from "../testing/review";

const box = () => document.querySelector<HTMLTextAreaElement>("textarea");
const openedLine = () => box()?.closest<HTMLElement>("[data-sequence]")?.dataset.sequence;
const notice = () => texts("[data-review-target=notice]");
let server: FakeReview;

beforeEach(async () => {
  server = await showReview([line(1), line(2), line(3)]);
});

function write(text: string): void {
  (box() as HTMLTextAreaElement).value = text;
}

function leaving(): Event {
  const event = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(event);
  return event;
}

it("saves what is written in a line before another is opened", async () => {
  await openLine(1);
  write("One");
  await openLine(2);
  expect(server.asked).toEqual([{ type: "edit", line: { sequence: 1, revision: 0 }, text: "One" }]);
  expect(texts('[data-sequence="1"] .segment-text')).toEqual(["One"]);
  expect([openedLine(), box()?.value]).toEqual(["2", "Line 2"]);
});

it("closes a line in which nothing was written without asking anybody", async () => {
  await openLine(1);
  await openLine(2);
  expect(server.asked).toEqual([]);
  expect(openedLine()).toBe("2");
});

it("stays where something is written that cannot be saved", async () => {
  await openLine(1);
  write("One");
  server.refuse = "unreachable";
  await openLine(2);
  expect([openedLine(), box()?.value]).toEqual(["1", "One"]);
  expect(notice()).toEqual(["The server cannot be reached. Nothing was changed."]);
  expect(find(".is-current").dataset.sequence).toBe("1");
});

it("overwrites what somebody else made of a line only when it is told to", async () => {
  await openLine(1);
  write("Mine");
  server.say(1, { text: "Theirs" });
  server.refuse = { code: "line_changed_meanwhile", message: "somebody changed this line meanwhile" };
  await press("Enter", box() as HTMLElement);
  expect(texts("[data-slot=theirs]")).toEqual(["Theirs"]);
  server.refuse = null;
  await openLine(2);
  expect([openedLine(), box()?.value, server.asked.length]).toEqual(["1", "Mine", 1]);
  await press("Enter", box() as HTMLElement);
  expect(server.asked.at(-1)).toEqual({ type: "edit", line: { sequence: 1, revision: 1 }, text: "Mine" });
  expect(openedLine()).toBeUndefined();
});

it("closes the line that was saved, not the one that was opened meanwhile", async () => {
  let answer = (): void => {};
  server.held = new Promise((resolve) => (answer = resolve));
  await openLine(1);
  write("One");
  await press("Enter", box() as HTMLElement);
  expect(box()?.readOnly).toBe(true);
  await press("Escape", box() as HTMLElement);
  await openLine(2);
  write("Two");
  answer();
  await settled();
  expect([openedLine(), box()?.value]).toEqual(["2", "Two"]);
});

it("asks before the page goes away with something unsaved", async () => {
  expect(leaving().defaultPrevented).toBe(false);
  await openLine(1);
  expect(leaving().defaultPrevented).toBe(false);
  write("One");
  expect(leaving().defaultPrevented).toBe(true);
  await press("Enter", box() as HTMLElement);
  expect(leaving().defaultPrevented).toBe(false);
});

it("splits at the cursor, and leaves a line as it was on Escape", async () => {
  await openLine(1);
  (box() as HTMLTextAreaElement).setSelectionRange(4, 4);
  await press("Enter", box() as HTMLElement, true);
  expect(server.asked).toEqual([{ type: "split", line: { sequence: 1, revision: 0 }, first: "Line", second: " 1" }]);
  await openLine(2);
  write("Two");
  await press("Escape", box() as HTMLElement);
  expect([openedLine(), server.asked.length]).toEqual([undefined, 1]);
});

it("goes from line to line and accepts by keys", async () => {
  await press("j");
  await press("j");
  await press("a");
  expect(server.asked).toEqual([{ type: "accept", line: { sequence: 2, revision: 0 }, reviewed: true }]);
  await press("k");
  await press("x");
  expect(server.asked.at(-1)).toEqual({ type: "hide", line: { sequence: 1, revision: 0 }, hidden: true });
});

it("takes back the last change, also of the second pass, and says when nothing is left", async () => {
  find("[data-review-target=notice]").dataset.nothing = "Nothing is left to undo";
  await press("j");
  await press("x");
  find(".review-tools").dispatchEvent(new CustomEvent("second-pass:taken", { detail: "taken", bubbles: true }));
  for (let turn = 0; turn < 3; turn += 1) await press("u");
  expect(server.asked.slice(1)).toEqual([
    { type: "undo", operation: "taken" },
    { type: "undo", operation: "operation 1" },
  ]);
  expect(notice()).toEqual(["Nothing is left to undo"]);
});

it("opens no line of an approved transcript", async () => {
  server.review = "approved";
  await press("j");
  await press("a");
  await openLine(1);
  expect(openedLine()).toBeUndefined();
  expect(find(".review").classList.contains("is-approved")).toBe(true);
});
