import { beforeEach, expect, it } from "vitest";
import { FakeSurroundings } from "../testing/surroundings";
import { LastingSocket } from "./lasting-socket";

let around: FakeSurroundings;
let heard: string[];
let socket: LastingSocket;

beforeEach(() => {
  around = new FakeSurroundings();
  heard = [];
  const listener = {
    opened: () => heard.push("opened"),
    message: (event: { type: string }) => heard.push(event.type),
    lost: () => heard.push("lost"),
    refused: (code: number) => heard.push(`refused ${code}`),
  };
  socket = new LastingSocket("/room/", listener, around);
  socket.open();
});

/** Something on the page runs every second. */
function run(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    around.pass(1_000);
    socket.tick();
  }
}

it("pings every 5 s, echoes the last pong and says how long it took", () => {
  around.wire.accept();
  run(5);
  around.pass(48);
  around.wire.say({ type: "pong", n: 7 });
  run(5);
  expect(around.wire.texts).toEqual([
    { type: "ping", echo: 0 },
    { type: "ping", echo: 7, rtt_ms: 48 },
  ]);
});

it("says no round trip when the clock was set back meanwhile", () => {
  around.wire.accept();
  run(5);
  around.pass(-100);
  around.wire.say({ type: "pong", n: 7 });
  run(6);
  expect(around.wire.texts.at(-1)).toEqual({ type: "ping", echo: 7 });
});

it("pings from the server's messages too, for a hidden tab whose timers hardly run", () => {
  around.wire.accept();
  around.pass(6_000);
  around.wire.say({ type: "status" });
  expect(around.wire.texts).toEqual([{ type: "ping", echo: 0 }]);
});

it("gives up a connection on which nothing is heard for 15 s", () => {
  around.wire.accept();
  run(14);
  expect(heard).toEqual(["opened"]);
  run(2);
  expect(heard).toEqual(["opened", "lost"]);
  expect(around.wires).toHaveLength(2);
});

it("knows within seconds that the server does not answer, and that it does again", () => {
  around.wire.accept();
  run(7);
  expect(socket.isStale).toBe(false);
  run(1);
  expect(socket.isStale).toBe(true);
  around.wire.say({ type: "pong", n: 1 });
  expect(socket.isStale).toBe(false);
});

it("gives up an attempt that does not connect within 8 s", () => {
  run(9);
  expect(heard).toEqual(["lost"]);
  expect(around.wires).toHaveLength(2);
});

it("hears nothing more from a connection it gave up", () => {
  const old = around.wire;
  old.accept();
  socket.drop();
  old.say({ type: "status" });
  expect(heard).toEqual(["opened", "lost"]);
});

it("comes back soon after a deploy, however often it failed before", () => {
  for (let attempt = 0; attempt < 4; attempt++) {
    around.wire.end(1006);
    around.pass(8_000);
  }
  const count = around.wires.length;
  around.wire.end(1012);
  around.pass(500);
  expect(around.wires).toHaveLength(count + 1);
});

it("keeps waiting longer while the server accepts and then sends it away", () => {
  for (let attempt = 0; attempt < 4; attempt++) {
    around.wire.accept();
    around.wire.say({ type: "error", code: "try_later", message: "…" });
    around.wire.end(4503);
    around.pass(500 * 2 ** attempt);
  }
  expect(around.wires).toHaveLength(5);
  around.wire.accept();
  around.wire.end(4503);
  around.pass(3_999);
  expect(around.wires).toHaveLength(5);
});

it("stays away after a refusal or when closed", () => {
  around.wire.accept();
  around.wire.end(4404);
  run(20);
  expect(heard).toEqual(["opened", "refused 4404"]);
  expect(around.wires).toHaveLength(1);
});
