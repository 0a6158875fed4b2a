import { expect, it } from "vitest";
import { linePath, roundUp } from "./plot";

const frame = { width: 100, height: 41, from: 1_000, to: 1_100, top: 200 };

it("puts the newest to the right and the largest to the top", () => {
  const points: Array<[number, number]> = [
    [1_080, 0],
    [1_090, 100],
    [1_100, 200],
  ];
  expect(linePath(points, frame)).toBe("M80.0 41.0L90.0 21.0L100.0 1.0");
});

it("breaks the line where nothing was measured", () => {
  const points: Array<[number, number | undefined]> = [
    [1_010, 0],
    [1_020, undefined],
    [1_030, undefined],
    [1_040, 0],
  ];
  expect(linePath(points, frame)).toBe("M10.0 41.0M40.0 41.0");
});

it("leaves out what is older than the plot, and cuts what is higher", () => {
  const points: Array<[number, number]> = [
    [990, 10],
    [1_000, 9_999],
  ];
  expect(linePath(points, frame)).toBe("M0.0 1.0");
});

it("chooses round scales", () => {
  expect([0, 0.4, 1, 3, 51, 180, 640, 2_100, 9_000].map(roundUp)).toEqual([1, 1, 1, 3, 60, 200, 800, 3_000, 10_000]);
});
