// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { FakeSpool } from "../testing/spool";
import { FakeSurroundings } from "../testing/surroundings";
import { Speaker } from "./speaker";
import { StreamMemory } from "./stream-memory";

const FRAME = 1_600;

let around: FakeSurroundings;
let spool: FakeSpool;
let speaker: Speaker;
let captured: number;

beforeEach(() => {
  sessionStorage.clear();
  around = new FakeSurroundings();
  spool = new FakeSpool();
  speaker = newSpeaker();
});

/** A page that has loaded, with whatever an earlier one left behind. */
function newSpeaker(sampleRate = 16_000): Speaker {
  captured = 0;
  const listener = { changed: () => {}, refused: () => {} };
  const memory = new StreamMemory("code", sessionStorage);
  const position = memory.resume(around.now());
  const unfinished = position && { position, frames: spool.framesOf(position.streamId) };
  const made = new Speaker(
    { url: "/audio/", sampleRate, language: "", shared: false, memory, spool, listener, around },
    unfinished,
  );
  made.begin();
  return made;
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

describe("minutes offline", () => {
  function reload(): void {
    speaker.save();
    speaker.close();
    around.pass(2_000);
    speaker = newSpeaker();
  }

  it("keeps nothing on disk while the server takes the audio", () => {
    connect();
    for (let n = 1; n <= 50; n++) {
      capture(1);
      around.wire.say({ type: "audio.ack", next_sample: n * FRAME });
    }
    expect(spool.framesOf("s")).toEqual([]);
  });

  it("puts on disk what has waited for a second and a half, and forgets it when the server has it", () => {
    connect();
    capture(10);
    around.wire.end(1006);
    capture(890);
    expect(spool.framesOf("s").length).toBeGreaterThan(880);
    around.pass(4_000);
    connect(10 * FRAME);
    speaker.tick();
    expect(spool.framesOf("s")[0]?.firstSample).toBe(10 * FRAME);
    around.wire.say({ type: "audio.ack", next_sample: 900 * FRAME });
    capture(1);
    expect(spool.framesOf("s")).toEqual([]);
  });

  it("sends after a reload all that was said before it, and then what is said now", () => {
    connect();
    capture(10);
    around.wire.end(1006);
    capture(90);
    reload();
    connect(10 * FRAME);
    capture(1);
    expect(sent()).toEqual([...Array(90).keys()].map((n) => n + 10).concat(120));
    expect(around.wire.texts[0]?.stream_id).toBe("s");
  });

  it("remembers over a reload where the person muted, so that the pause is no gap", () => {
    connect();
    capture(10);
    around.wire.end(1006);
    capture(5);
    speaker.mute();
    capture(20);
    speaker.unmute();
    capture(5);
    reload();
    connect(10 * FRAME);
    expect(sent()).toEqual([10, 11, 12, 13, 14]);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop"]);
    around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 15 * FRAME });
    around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 15 * FRAME });
    expect(sent().slice(5)).toEqual([35, 36, 37, 38, 39]);
  });

  it("goes on with its stream when the microphone is changed, without a gap", () => {
    connect();
    capture(5);
    speaker.mute();
    around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 5 * FRAME });
    around.pass(3_000);
    captured = 0;
    speaker.begin();
    capture(1);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop", "audio.start"]);
    around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 5 * FRAME });
    expect(sent()).toEqual([0, 1, 2, 3, 4, 35]);
  });

  it("forgets on disk what belongs to a meeting that is left", () => {
    connect();
    around.wire.end(1006);
    capture(50);
    speaker.leave();
    expect(spool.framesOf("s")).toEqual([]);
  });
});
