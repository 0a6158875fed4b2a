import { beforeEach, expect, it } from "vitest";
import { announce } from "../room/events";
import { goldenMessage } from "../testing/golden";
import { show } from "../testing/page";
import { FakeSurroundings } from "../testing/surroundings";
import { RoomController } from "./room_controller";

const page = `
  <div data-controller="room" data-room-url-value="/ws/meetings/code/" data-room-sequence-value="417"
       data-action="room:clock@window->room#tick microphone:changed@window->room#microphoneChanged hearing:changed@window->room#hearingChanged online@window->room#online"></div>`;

let around: FakeSurroundings;

beforeEach(async () => {
  around = new FakeSurroundings();
  RoomController.around = around;
  await show(page, { room: RoomController });
  around.wire.accept();
});

function heard(name: string): unknown[] {
  const details: unknown[] = [];
  window.addEventListener(name, (event) => details.push((event as CustomEvent).detail));
  return details;
}

it("asks for what came after the page was rendered", () => {
  expect(around.wire.texts).toEqual([{ type: "hello", last_sequence: 417, last_change: 0, last_edit: 0 }]);
});

it("tells the page's other controllers about captions and the connection", () => {
  const changes = heard("room:changed");
  const links = heard("room:link");
  around.wire.say(goldenMessage("room_events", "welcome"));
  around.wire.say(goldenMessage("room_events", "final"));
  around.wire.end(1006);
  expect(changes.at(-1)).toMatchObject({ final: { sequence: 418 } });
  expect(links).toEqual([
    { link: "connected", code: 0 },
    { link: "lost", code: 0 },
  ]);
});

it("says at once that captions are stale when the server does not answer, and when it does again", () => {
  around.wire.say(goldenMessage("room_events", "welcome"));
  const links = heard("room:link");
  for (let second = 0; second < 8; second++) {
    around.pass(1_000);
    announce("room:clock");
  }
  around.wire.say(goldenMessage("room_events", "final"));
  announce("room:clock");
  expect(links).toEqual([
    { link: "stale", code: 0 },
    { link: "connected", code: 0 },
  ]);
});

it("closes the room's controls when the meeting ends or the server refuses", () => {
  const closed = heard("room:closed");
  around.wire.say(goldenMessage("room_events", "meeting ended, last words missing"));
  around.wire.end(4409);
  expect(closed).toHaveLength(2);
});

it("tells the room whether the microphone is on, and whether one wants to hear the others", () => {
  announce("microphone:changed", { state: "on", uplink: "connecting", keptSeconds: 0 });
  announce("hearing:changed", { wanted: true, on: false });
  expect(around.wire.texts.at(-1)).toEqual({ type: "state", muted: false, hearing: true });
});

it("comes back at once when the network does", () => {
  around.wire.end(1006);
  window.dispatchEvent(new Event("online"));
  expect(around.wires).toHaveLength(2);
});
