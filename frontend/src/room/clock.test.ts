import { expect, it } from "vitest";
import { clock, duration } from "./clock";

it("writes a time of the meeting, with hours only from the first on", () => {
  expect([0, 65_999, 3_600_000].map(clock)).toEqual(["00:00", "01:05", "1:00:00"]);
});

it("writes a length of time in seconds, then in minutes and seconds", () => {
  expect([0.4, 59.4, 59.6, 130].map(duration)).toEqual(["0 s", "59 s", "1 min 0 s", "2 min 10 s"]);
});
