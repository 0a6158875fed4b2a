// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, show, template } from "../testing/page";
import type { ReviewLine } from "./line";
import { LineList } from "./line-list";
import { Transcript } from "./transcript";

const PEOPLE = [{ id: "ada", name: "Ada", color: 1, sounds_like: "" }];

function line(sequence: number, revision = 0, start_ms = sequence * 1_000): ReviewLine {
  const told = { kind: "speech", doubts: [], language: "en", direction: "ltr", confidence: 0.9 } as const;
  const text = `${sequence}/${revision}`;
  return {
    ...{ ...told, sequence, revision, text, participant_id: "ada", start_ms, end_ms: start_ms + 900 },
    ...{ hidden: false, reviewed: false, doubts: [] },
  };
}

function many(from: number, to: number, revision = 0): ReviewLine[] {
  return Array.from({ length: to - from }, (_, at) => line(from + at, revision));
}

const shown = () => Array.from(document.querySelectorAll(".review-lines .segment-text"), (text) => text.textContent);
let transcript: Transcript;
let list: LineList;

function take(lines: ReviewLine[], current: number | null = null): void {
  list.show(transcript.take({ edit: 0, review: "draft", people: PEOPLE, lines, next: null }).lines, current);
}

beforeEach(async () => {
  await show(template("meetings/review.html"), {});
  vi.useFakeTimers();
  transcript = new Transcript();
  list = new LineList(find("[data-review-target=lines]"), find("[data-review-target=template]"), transcript);
});

afterEach(() => {
  vi.useRealTimers();
});

it("draws the first lines at once and the others between what the reader does", () => {
  take(many(1, 251));
  expect(shown().length).toBeGreaterThan(20);
  expect(shown().length).toBeLessThan(200);
  take(many(251, 301));
  vi.runAllTimers();
  expect(shown()).toEqual(many(1, 301).map(({ text }) => text));
});

it("draws a line that is asked for before its turn, and the others around it in order", () => {
  take(many(1, 201));
  expect(list.element(190)?.textContent).toContain("190/0");
  vi.runAllTimers();
  expect(shown()).toEqual(many(1, 201).map(({ text }) => text));
});

it("draws changed lines around the current one first", () => {
  take(many(1, 201));
  vi.runAllTimers();
  take(many(1, 201, 1), 180);
  expect(shown()[179]).toBe("180/1");
  expect(shown()[0]).toBe("1/0");
  vi.runAllTimers();
  expect(shown()).toEqual(many(1, 201, 1).map(({ text }) => text));
});

it("puts a new line where it was said", () => {
  take([line(1), line(2)]);
  take([line(3, 1, 1_500), line(4, 1, 500)]);
  vi.runAllTimers();
  expect(shown()).toEqual(["4/1", "1/0", "3/1", "2/0"]);
});
