import { beforeEach, describe, expect, it } from "vitest";
import { goldenMessage } from "../testing/golden";
import { FakeSurroundings } from "../testing/surroundings";
import { AudioUplink, type UplinkState } from "./uplink";

const RATE = 16_000;
const FRAME = 1_600;

let around: FakeSurroundings;
let states: UplinkState[];
let refusals: number[];
let uplink: AudioUplink;

beforeEach(() => {
  around = new FakeSurroundings();
  states = [];
  refusals = [];
  uplink = newUplink("");
});

function newUplink(streamId: string, firstSample = 0): AudioUplink {
  return new AudioUplink(
    "/audio/",
    { streamId, sampleRate: RATE, language: "", shared: false, firstSample, kept: { frames: [], stops: [] } },
    { changed: (state) => states.push(state), identified: () => {}, refused: (code) => refusals.push(code) },
    around,
  );
}

/** The microphone delivers frames with these numbers, 100 ms apart. */
function speak(from: number, to: number): void {
  for (let n = from; n < to; n++) {
    around.pass(100);
    uplink.push({ firstSample: n * FRAME, pcm: new Int16Array(FRAME), capturedAt: around.now() });
  }
}

function connect(nextSample = 0, streamId = "s"): void {
  around.wire.accept();
  around.wire.say({ type: "audio.ready", stream_id: streamId, next_sample: nextSample });
}

function ack(frames: number): void {
  around.wire.say({ type: "audio.ack", next_sample: frames * FRAME });
}

function sentFrames(): number[] {
  return around.wire.frames.map((frame) => frame.firstSample / FRAME);
}

describe("starting", () => {
  it("opens a stream as the golden message says, and sends only after the server is ready", () => {
    uplink.open();
    around.wire.accept();
    speak(0, 2);
    expect(around.wire.texts[0]).toEqual(goldenMessage("audio_requests", "new stream"));
    expect(sentFrames()).toEqual([]);
    around.wire.say(goldenMessage("audio_events", "ready for a new stream"));
    expect(sentFrames()).toEqual([0, 1]);
    expect(states.at(-1)).toBe("streaming");
  });

  it("begins a new stream with what is said now, when connecting took long", () => {
    uplink.open();
    speak(0, 60);
    connect();
    expect(around.wire.frames[0]?.firstSample).toBe(0);
    expect(around.wire.frames).toHaveLength(20);
  });

  it("begins a new stream with its first frame when the server was ready before it, without a gap", () => {
    uplink.open();
    connect();
    speak(3, 5);
    expect(sentFrames()).toEqual([0, 1]);
    ack(1);
    expect(uplink.keptSeconds).toBeCloseTo(0.1);
  });

  it("leaves a long silence before the first frame where it is", () => {
    uplink.open();
    connect();
    speak(600, 601);
    expect(sentFrames()).toEqual([600]);
  });

  it("tells how old a frame is", () => {
    uplink.open();
    speak(0, 1);
    around.pass(700);
    connect();
    expect(around.wire.frames[0]?.ageMs).toBe(700);
  });

  it("takes a new stream when the server does not know the old one", () => {
    uplink = newUplink("gone", 50 * FRAME);
    uplink.open();
    around.wire.accept();
    around.wire.say({ type: "error", code: "stream_refused", message: "there is no such stream of yours" });
    around.wire.say({ type: "audio.ready", stream_id: "fresh", next_sample: 0 });
    speak(50, 51);
    expect(around.wire.texts.map((text) => text.stream_id)).toEqual(["gone", ""]);
    expect(sentFrames()).toEqual([0]);
  });
});

describe("losing the connection", () => {
  it("keeps what is not acknowledged and sends it again from where the server says", () => {
    uplink.open();
    connect();
    speak(0, 6);
    ack(3);
    around.wire.end(1006);
    expect(states.at(-1)).toBe("lost");
    speak(6, 9);
    around.pass(1_000);
    connect(4 * FRAME);
    expect(sentFrames()).toEqual([4, 5, 6, 7, 8]);
    expect(around.wire.texts[0]?.stream_id).toBe("s");
  });

  it.each(["restarting", "try_later"])(
    "keeps its stream and its audio where the server says %s at the start",
    (code) => {
      uplink.open();
      connect();
      around.wire.end(1006);
      speak(0, 50);
      around.wire.accept();
      around.wire.say({ type: "error", code, message: "the page comes back by itself" });
      around.wire.end(code === "restarting" ? 1012 : 4503);
      while (around.wires.length < 3) around.pass(1_000);
      connect();
      expect(around.wire.texts[0]?.stream_id).toBe("s");
      expect(sentFrames()).toEqual(Array.from({ length: 50 }, (_, n) => n));
    },
  );

  it("keeps half an hour, and then gives up the oldest", () => {
    uplink.open();
    connect();
    around.wire.end(1006);
    speak(0, 18_000);
    expect(uplink.keptSeconds).toBe(1_800);
    speak(18_000, 18_100);
    expect(uplink.keptSeconds).toBe(1_800);
    expect(uplink.kept.frames[0]?.firstSample).toBe(100 * FRAME);
  });

  it("promises to keep no more than a new stream can begin with", () => {
    uplink.open();
    speak(0, 60);
    expect(uplink.keptSeconds).toBe(2);
  });

  it("drops a socket whose acknowledgements stall for 4 s", () => {
    uplink.open();
    connect();
    speak(0, 30);
    expect(around.wires).toHaveLength(1);
    speak(30, 60);
    expect(states).toContain("lost");
    expect(around.wires).toHaveLength(2);
  });

  it("waits 12 s for a stream to be opened: after a restart everybody asks at once", () => {
    uplink.open();
    around.wire.accept();
    speak(0, 110);
    expect(around.wires).toHaveLength(1);
    speak(110, 130);
    expect(states).toContain("lost");
  });

  it("waits longer and longer, up to 8 s, and comes back at once when the network does", () => {
    uplink.open();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const before = around.now();
      const count = around.wires.length;
      around.wire.end(1006);
      while (around.wires.length === count) around.pass(100);
      waits.push(around.now() - before);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
    around.wire.end(1006);
    uplink.retryNow();
    expect(around.wires).toHaveLength(9);
  });

  it("does not come back after a refusal, and says why", () => {
    uplink.open();
    connect();
    around.wire.say({ type: "error", code: "superseded", message: "…" });
    around.wire.end(4409);
    around.pass(60_000);
    uplink.tick();
    expect(refusals).toEqual([4409]);
    expect(around.wires).toHaveLength(1);
  });
});

describe("pressure", () => {
  it("stops sending while more than 64 KB wait in the socket", () => {
    uplink.open();
    connect();
    around.wire.bufferedAmount = 64 * 1024;
    speak(0, 3);
    expect(sentFrames()).toEqual([]);
    around.wire.bufferedAmount = 0;
    speak(3, 4);
    expect(sentFrames()).toEqual([0, 1, 2, 3]);
  });

  it("has at most ten seconds on the way", () => {
    uplink.open();
    connect();
    around.wire.end(1006);
    speak(0, 300);
    uplink.retryNow();
    connect();
    expect(around.wire.frames).toHaveLength(100);
    ack(50);
    expect(around.wire.frames).toHaveLength(150);
  });

  it("sends minutes that it kept a little slower than the server would refuse", () => {
    uplink.open();
    connect();
    around.wire.end(1006);
    speak(0, 3_000);
    uplink.retryNow();
    connect();
    while (around.wire.frames.length < 800) ack(around.wire.frames.length);
    ack(800);
    expect(around.wire.frames).toHaveLength(800);
    for (let tenth = 1; tenth <= 10; tenth++) {
      around.pass(100);
      ack(around.wire.frames.length);
    }
    expect(around.wire.frames.length).toBeGreaterThanOrEqual(865);
    expect(around.wire.frames.length).toBeLessThanOrEqual(870);
  });

  it("waits when the server holds, then sends again from there", () => {
    uplink.open();
    connect();
    speak(0, 4);
    around.wire.say({ type: "audio.hold", next_sample: 2 * FRAME, retry_ms: 1_000 });
    speak(4, 6);
    expect(sentFrames()).toEqual([0, 1, 2, 3]);
    expect(states.at(-1)).toBe("held");
    around.pass(1_000);
    expect(sentFrames()).toEqual([0, 1, 2, 3, 2, 3, 4, 5]);
    expect(states.at(-1)).toBe("streaming");
  });
});

describe("muting", () => {
  beforeEach(() => {
    uplink.open();
    connect();
    speak(0, 3);
  });

  it("tells the server after the last frame, and goes on with the same stream", () => {
    uplink.stop(3 * FRAME);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop"]);
    around.wire.say({ ...goldenMessage<object>("audio_events", "summary"), stream_id: "s", next_sample: 3 * FRAME });
    expect(states.at(-1)).toBe("stopped");
    speak(50, 51);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop", "audio.start"]);
    around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 3 * FRAME });
    expect(sentFrames()).toEqual([0, 1, 2, 50]);
  });

  it("sends what it kept before the stop, when muted while offline", () => {
    around.wire.end(1006);
    speak(3, 5);
    uplink.stop(5 * FRAME);
    around.pass(1_000);
    connect(2 * FRAME);
    expect(sentFrames()).toEqual([2, 3, 4]);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop"]);
  });

  it("repeats a stop that was never answered", () => {
    uplink.stop(3 * FRAME);
    around.wire.end(1006);
    around.pass(1_000);
    connect(3 * FRAME);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop"]);
  });

  it("keeps a pause a pause when the connection comes back meanwhile", () => {
    uplink.stop(3 * FRAME);
    around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 3 * FRAME });
    around.wire.end(1006);
    around.pass(1_000);
    around.wire.accept();
    expect(around.wire.said).toEqual([]);
    speak(90, 91);
    expect(around.wire.said).toEqual(["audio.start"]);
  });

  it("puts the stop between what was said before and after, when both wait", () => {
    around.wire.end(1006);
    speak(3, 5);
    uplink.stop(5 * FRAME);
    speak(40, 42);
    around.pass(1_000);
    connect(3 * FRAME);
    expect(sentFrames()).toEqual([3, 4]);
    around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 5 * FRAME });
    around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 5 * FRAME });
    expect(around.wire.said).toEqual(["audio.start", "audio.stop", "audio.start"]);
    expect(sentFrames()).toEqual([3, 4, 40, 41]);
  });
});
