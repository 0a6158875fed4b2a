// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { newSegment } from "../room/segment-element";
import { show, template } from "../testing/page";
import { fillLine, inOrder, isUncertain, overlapping, type ReviewLine, replaced } from "./line";

const line: ReviewLine = {
  sequence: 1,
  revision: 0,
  kind: "speech",
  participant_id: "ada",
  start_ms: 1_000,
  end_ms: 2_000,
  text: "😀 Hello <b>wrold",
  doubts: [[9, 17]],
  language: "en",
  direction: "ltr",
  confidence: 0.724,
  hidden: false,
  reviewed: false,
};

it("marks the doubtful words, whatever stands in the text", async () => {
  await show(template("meetings/review.html"), {});
  const element = newSegment(document.querySelector("[data-review-target=template]") as HTMLTemplateElement);
  fillLine(element, line, { id: "ada", name: "Ada", color: 3, sounds_like: "" });
  expect(element.querySelector("mark")?.textContent).toBe("<b>wrold");
  expect(element.querySelector("[data-slot=text]")?.textContent).toBe(line.text);
  expect(element.querySelector("[data-slot=confidence]")?.textContent).toBe("72 %");
});

it("takes a line as uncertain until somebody reviewed or hid it", () => {
  const others = [{ reviewed: true }, { hidden: true }, { doubts: [] }];
  expect([line, ...others.map((other) => ({ ...line, ...other }))].map(isUncertain)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

it("finds the lines during which somebody else speaks", () => {
  const lines = inOrder([
    { ...line, sequence: 4, participant_id: "bob", start_ms: 9_000, end_ms: 9_500 },
    { ...line, sequence: 3, participant_id: "bob", start_ms: 1_900, end_ms: 3_000 },
    { ...line, sequence: 2, start_ms: 1_500, end_ms: 1_600 },
    line,
  ]);
  expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  expect(Array.from(overlapping(lines))).toEqual([1, 3]);
});

it("replaces what is written, not a pattern", () => {
  expect(replaced("A (b) c (B)", "(b)", "$&", false)).toBe("A $& c $&");
  expect(replaced("Bugdet bugdet", "bugdet", "budget", true)).toBe("Bugdet budget");
});
