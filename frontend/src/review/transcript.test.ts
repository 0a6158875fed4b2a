import { expect, it } from "vitest";
import { ADA, BOB, line } from "../testing/lines";
import type { ReviewLine } from "./line";
import type { ReviewData } from "./server";
import { Transcript } from "./transcript";

function data(lines: ReviewLine[], people = [ADA, BOB]): ReviewData {
  return { edit: 0, review: "draft", people, lines, next: null };
}

function sequences(lines: ReviewLine[]): number[] {
  return lines.map(({ sequence }) => sequence);
}

it("tells who somebody is by the longest of what they said, in its order", () => {
  const transcript = new Transcript();
  const lines = [600, 3_000, 900, 2_000].map((length, at) => line(at, { end_ms: at * 1_000 + length }));
  const others = [
    line(5, { participant_id: "bob", end_ms: 50_000 }),
    line(6, { hidden: true, end_ms: 50_000 }),
    line(7, { kind: "gap", end_ms: 50_000 }),
  ];
  transcript.take(data([...lines, ...others]));
  expect(sequences(transcript.longest("ada", 2))).toEqual([1, 3]);
  expect(transcript.longest("nobody", 2)).toEqual([]);
});

it("takes pages of lines that come while lines of earlier pages change", () => {
  const transcript = new Transcript();
  transcript.take(data([line(1), line(2)]));
  expect(sequences(transcript.take(data([line(1, { revision: 1, text: "New" })])).lines)).toEqual([1]);
  expect(sequences(transcript.take(data([line(1), line(3)])).lines)).toEqual([3]);
  expect(transcript.line(1)?.text).toBe("New");
  expect(sequences(transcript.ordered)).toEqual([1, 2, 3]);
});

it("draws lines again whose overlap changed with another line, and all when a speaker is renamed", () => {
  const transcript = new Transcript();
  transcript.take(data([line(1, { end_ms: 2_500 }), line(2, { participant_id: "bob" }), line(3)]));
  expect([1, 2, 3].map((sequence) => transcript.overlaps(sequence))).toEqual([true, true, false]);
  const hidden = data([line(2, { participant_id: "bob", revision: 1, hidden: true })]);
  expect(sequences(transcript.take(hidden).lines)).toEqual([1, 2]);
  expect(transcript.overlaps(1)).toBe(false);
  expect(transcript.take(data([], [ADA, { ...BOB, name: "Robert" }])).lines).toHaveLength(3);
});

it("goes to uncertain lines around the end, and past hidden ones unless they are shown", () => {
  const transcript = new Transcript();
  const doubts: [number, number][] = [[0, 4]];
  transcript.take(data([line(1, { doubts }), line(2, { hidden: true }), line(3, { doubts }), line(4)]));
  expect(transcript.nextUncertain(null)?.sequence).toBe(1);
  expect(transcript.nextUncertain(1)?.sequence).toBe(3);
  expect(transcript.nextUncertain(3)?.sequence).toBe(1);
  expect(transcript.neighbour(1, 1, false)?.sequence).toBe(3);
  expect(transcript.neighbour(1, 1, true)?.sequence).toBe(2);
  expect(transcript.neighbour(1, -1, true)).toBeUndefined();
  expect(transcript.counts()).toEqual({ all: 3, uncertain: 2, reviewed: 0 });
});

it("finds what a replacement changes and what the same speaker says next", () => {
  const transcript = new Transcript();
  const lines = [line(1), line(2, { participant_id: "bob" }), line(3, { kind: "gap", text: "" }), line(4)];
  transcript.take(data([...lines, line(5, { hidden: true, text: "Line" })]));
  expect(sequences(transcript.found({ find: "line", replacement: "Row", matchCase: false }))).toEqual([1, 2, 4]);
  expect(transcript.found({ find: "line", replacement: "Row", matchCase: true })).toEqual([]);
  expect(transcript.found({ find: "", replacement: "Row", matchCase: false })).toEqual([]);
  expect(transcript.continuation(lines[0] as ReviewLine)?.sequence).toBe(4);
});
