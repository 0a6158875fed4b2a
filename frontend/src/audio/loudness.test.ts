import { expect, it } from "vitest";
import { meterLevel } from "./loudness";

it("lights the meter on a decibel scale", () => {
  expect(meterLevel(0)).toBe(0);
  expect(meterLevel(1)).toBe(1);
  expect(meterLevel(0.03)).toBeGreaterThan(0.3);
});
