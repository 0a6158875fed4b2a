import { beforeEach, describe, expect, it } from "vitest";
import type { AddMark, CaptionFinal } from "../protocol";
import { goldenMessage } from "../testing/golden";
import { FakeSurroundings } from "../testing/surroundings";
import { RoomConnection } from "./room-connection";
import { RoomStore } from "./store";

const welcome = goldenMessage<object>("room_events", "welcome");
const final = goldenMessage<CaptionFinal>("room_events", "final");

let around: FakeSurroundings;
let shown: number[];
let connection: RoomConnection;

beforeEach(() => {
  around = new FakeSurroundings();
  shown = [];
  const listener = {
    changed: (caption: CaptionFinal | null) => void (caption && shown.push(caption.sequence)),
    connected: () => {},
    lost: () => {},
    refused: () => {},
    denied: () => {},
    muteAsked: () => {},
    wordsMissed: () => {},
    signalled: () => {},
  };
  connection = new RoomConnection("/room/", new RoomStore(417), listener, around);
  connection.open();
  around.wire.accept();
});

function say(...sequences: number[]): void {
  for (const sequence of sequences) around.wire.say({ ...final, sequence });
}

it("greets with the last caption of the page", () => {
  expect(around.wire.texts).toEqual([{ type: "hello", last_sequence: 417, last_change: 0, last_edit: 0 }]);
});

it("after a reconnect asks for the captions, marks and corrections that it has not", () => {
  around.wire.say({ ...goldenMessage<object>("room_events", "corrected caption"), sequence: 400 });
  around.wire.say(goldenMessage("room_events", "mark"));
  around.wire.end(1006);
  around.pass(1_000);
  around.wire.accept();
  expect(around.wire.texts).toEqual([goldenMessage("room_requests", "hello after a reconnect")]);
});

it("after a reconnect asks for what it missed, and says again that the microphone is on and that one hears", () => {
  connection.setMuted(false);
  connection.setHearing(true);
  say(418);
  around.wire.end(1006);
  around.pass(1_000);
  around.wire.accept();
  expect(around.wire.texts).toEqual([
    { type: "hello", last_sequence: 418, last_change: 0, last_edit: 0 },
    { type: "state", muted: false, hearing: true },
  ]);
});

describe("a hole", () => {
  const status = { type: "status", transcriber: "ready", lag_ms: 0, sequence: 421 };

  beforeEach(() => {
    around.wire.say({ ...welcome, sequence: 417 });
    around.wire.say({ ...status, sequence: 417 });
  });

  it("is asked about once, until the server has answered", () => {
    say(420, 421);
    around.wire.say(status);
    expect(around.wire.texts.slice(1)).toEqual([{ type: "hello", last_sequence: 417, last_change: 0, last_edit: 0 }]);
    around.wire.say({ ...welcome, sequence: 421 });
    say(418, 419, 420, 421);
    around.wire.say(status);
    expect(around.wire.said).toEqual(["hello", "hello"]);
    expect(shown).toEqual([420, 421, 418, 419]);
  });

  it("that only a status shows is asked about", () => {
    around.wire.say(status);
    expect(around.wire.said).toEqual(["hello", "hello"]);
  });

  it("that the server cannot fill is not asked about again", () => {
    say(419);
    around.wire.say({ ...welcome, sequence: 419 });
    say(419);
    around.wire.say({ ...status, sequence: 419 });
    around.wire.say({ ...status, sequence: 419 });
    say(420);
    expect(around.wire.said).toEqual(["hello", "hello"]);
    expect(shown).toEqual([419, 420]);
  });
});

it("does not ask while the history that follows a welcome comes in", () => {
  around.wire.say({ ...welcome, sequence: 420 });
  say(418, 419, 420);
  expect(around.wire.said).toEqual(["hello"]);
});

it("tells the room only when the microphone's state or hearing changes", () => {
  connection.setMuted(true);
  connection.setHearing(false);
  for (const _ of [1, 2]) {
    connection.setMuted(false);
    connection.setHearing(true);
  }
  expect(around.wire.said).toEqual(["hello", "state", "state"]);
});

it("says again after a break what was not confirmed: the hand and the marks", () => {
  const mark = goldenMessage<AddMark>("room_requests", "mark of this moment");
  connection.setHand(true);
  connection.mark(mark);
  around.wire.end(1006);
  around.pass(1_000);
  around.wire.accept();
  expect(around.wire.texts.slice(1)).toEqual([{ type: "hand", raised: true }, mark]);
});
