import { expect, it } from "vitest";
import { AudioRing } from "./ring";

function frame(firstSample: number, samples = 10) {
  return { firstSample, pcm: new Int16Array(samples), capturedAt: 0 };
}

it("keeps a frame until all of it is acknowledged", () => {
  const ring = new AudioRing(100);
  ring.push(frame(0));
  ring.push(frame(10));
  ring.release(15);
  expect(ring.start).toBe(10);
  ring.release(20);
  expect(ring.heldSamples).toBe(0);
  expect(ring.start).toBe(20);
});

it("gives up the oldest audio beyond its bound", () => {
  const ring = new AudioRing(30);
  for (const first of [0, 10, 20, 30, 40]) ring.push(frame(first));
  expect(ring.start).toBe(20);
  expect(ring.heldSamples).toBe(30);
});

it("finds the next audio across a hole", () => {
  const ring = new AudioRing(100);
  ring.push(frame(0));
  ring.push(frame(50));
  expect(ring.next(10)?.firstSample).toBe(50);
  expect(ring.next(60)).toBeUndefined();
});
