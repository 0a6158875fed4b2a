// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { FakeSurroundings } from "../testing/surroundings";
import { Speaker } from "./speaker";
import { StreamMemory } from "./stream-memory";

const FRAME = 1_600;

let around: FakeSurroundings;
let speaker: Speaker;
let captured: number;

beforeEach(() => {
  sessionStorage.clear();
  around = new FakeSurroundings();
  speaker = newSpeaker();
});

function newSpeaker(sampleRate = 16_000): Speaker {
  captured = 0;
  const listener = { changed: () => {}, refused: () => {} };
  const memory = new StreamMemory("code", sessionStorage);
  return new Speaker({ url: "/audio/", sampleRate, language: "", memory, listener, around });
}

function capture(frames: number): void {
  for (let n = 0; n < frames; n++) {
    around.pass(100);
    speaker.capture({ firstSample: captured, pcm: new Int16Array(FRAME), level: 0, capturedAt: around.now() });
    captured += FRAME;
  }
}

function connect(nextSample = 0): void {
  around.wire.accept();
  around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: nextSample });
}

function sent(): number[] {
  return around.wire.frames.map((frame) => frame.firstSample / FRAME);
}

it("goes on with the same stream after a reload, at the sample that belongs to the time", () => {
  connect();
  capture(5);
  speaker.close();
  around.pass(2_000);
  speaker = newSpeaker();
  around.wire.accept();
  expect(around.wire.texts[0]?.stream_id).toBe("s");
  around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 5 * FRAME });
  capture(1);
  expect(sent()).toEqual([25]);
});

it("begins a new stream when the reloaded page records at another rate", () => {
  connect();
  capture(5);
  speaker.close();
  speaker = newSpeaker(48_000);
  around.wire.accept();
  expect(around.wire.texts[0]).toMatchObject({ stream_id: "", sample_rate: 48_000 });
});

it("sends nothing while muted, and the numbers keep time", () => {
  connect();
  capture(2);
  speaker.mute();
  around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 2 * FRAME });
  capture(10);
  speaker.unmute();
  capture(1);
  around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 2 * FRAME });
  expect(sent()).toEqual([0, 1, 12]);
});

it("moves on in time when the computer slept, and not when a message was merely late", () => {
  connect();
  capture(1);
  around.pass(60_000);
  capture(1);
  around.pass(400);
  capture(1);
  const position = new StreamMemory("code", sessionStorage).resume(around.now());
  expect(position?.nextSample).toBe(3 * FRAME + 60 * 16_000);
});

it("tells the server when the person leaves, and does not come back to that stream", () => {
  connect();
  capture(1);
  speaker.leave();
  expect(around.wire.said.at(-1)).toBe("audio.stop");
  expect(new StreamMemory("code", sessionStorage).resume(around.now())).toBeNull();
});
