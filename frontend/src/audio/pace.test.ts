import { expect, it } from "vitest";
import { Pace } from "./pace";

function taken(pace: Pace, now: number): number {
  let seconds = 0;
  while (pace.take(0.1, now)) seconds += 0.1;
  return seconds;
}

it("lets a minute and a quarter pass at once, and then seven times real time", () => {
  const pace = new Pace(0);
  expect(taken(pace, 0)).toBeCloseTo(80, 0);
  expect(taken(pace, 10_000)).toBeCloseTo(70, 0);
});

it("saves up no more than its burst", () => {
  expect(taken(new Pace(0), 3_600_000)).toBeCloseTo(80, 0);
});
