import { expect, it } from "vitest";
import { Framer } from "./framer";

it("numbers frames by sample and keeps what does not fill one", () => {
  const framer = new Framer(4);
  expect(framer.push(new Float32Array(3), 1)).toEqual([]);
  const frames = framer.push(new Float32Array(6), 2);
  expect(frames.map((frame) => frame.firstSample)).toEqual([0, 4]);
  expect(framer.push(new Float32Array(3), 3).map((frame) => frame.firstSample)).toEqual([8]);
});

it("turns samples into PCM16 without overflow, and what is no number into silence", () => {
  const [frame] = new Framer(6).push(Float32Array.from([0, 1, -1, 7, -7, Number.NaN]), 0);
  expect(Array.from(frame?.pcm ?? [])).toEqual([0, 32767, -32768, 32767, -32768, 0]);
});

it("measures how loud a frame is", () => {
  const framer = new Framer(2);
  const [silent, loud] = framer.push(Float32Array.from([0, 0, 0.5, -0.5]), 0);
  expect(silent?.level).toBe(0);
  expect(loud?.level).toBeCloseTo(0.5);
});
