// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { rangeOf } from "./text-place";

beforeEach(() => {
  document.body.innerHTML = "<p>one <mark>two three</mark> four</p>";
});

const paragraph = () => document.querySelector("p") as Element;

it("finds a word before, within and after a mark", () => {
  const words = [
    [0, 3],
    [4, 7],
    [8, 13],
    [14, 18],
  ] as const;
  expect(words.map(([from, to]) => rangeOf(paragraph(), from, to)?.toString())).toEqual([
    "one",
    "two",
    "three",
    "four",
  ]);
});

it("finds a stretch that begins before a mark and ends in it", () => {
  expect(rangeOf(paragraph(), 2, 7)?.toString()).toBe("e two");
});

it("finds nothing beyond the text", () => {
  expect(rangeOf(paragraph(), 15, 30)).toBeNull();
});
