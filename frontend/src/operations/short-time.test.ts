import { expect, it } from "vitest";
import { percent, shortTime } from "./short-time";

it("writes times short", () => {
  const written = [0, 0.4, 3, 12.4, 999, 1_000, 2_149].map(shortTime);
  expect(written).toEqual(["0 ms", "0.4 ms", "3 ms", "12 ms", "999 ms", "1.0 s", "2.1 s"]);
});

it("shows a tenth of a percent only where it matters, and never rounds a miss away", () => {
  expect([0, 0.125, 0.95, 0.9899, 0.9994, 1].map(percent)).toEqual([
    "0 %",
    "13 %",
    "95 %",
    "99.0 %",
    "99.9 %",
    "100 %",
  ]);
});
