// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { StreamMemory } from "./stream-memory";

const position = { streamId: "s", sampleRate: 16_000, nextSample: 8_000, at: 5_000, muted: false, stops: [] };

beforeEach(() => sessionStorage.clear());

it("goes on after a reload at the sample that belongs to the time", () => {
  new StreamMemory("code", sessionStorage).save(position);
  expect(new StreamMemory("code", sessionStorage).resume(7_500)?.nextSample).toBe(8_000 + 2.5 * 16_000);
});

it("knows nothing of other meetings, of the day before, or of what was left", () => {
  const memory = new StreamMemory("code", sessionStorage);
  memory.save(position);
  expect(new StreamMemory("other", sessionStorage).resume(6_000)).toBeNull();
  expect(memory.resume(5_000 + 2 * 3_600_000)).toBeNull();
  memory.forget();
  expect(memory.resume(6_000)).toBeNull();
});
