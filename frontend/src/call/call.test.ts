import { beforeEach, expect, it, vi } from "vitest";
import type { SignalKind } from "../protocol";
import { FakeConnection } from "../testing/connection";
import { Call } from "./call";

const servers = [{ urls: ["stun:a:3478"] }];
let sent: string[];
let gone: string[];
let seen: [string, boolean][];
let call: Call;
/** What the last connection with each of the others is called. */
const named = new Map<string, string>();

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  FakeConnection.made = [];
  sent = [];
  gone = [];
  seen = [];
  named.clear();
  call = new Call("b", servers, {
    send: (to, kind, negotiation) => {
      sent.push(`${to} ${kind}`);
      named.set(to, negotiation);
    },
    heard: () => {},
    seen: (id, media) => seen.push([id, media !== null]),
    gone: (id) => gone.push(id),
  });
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const signal = (sender: string, kind: SignalKind, negotiation = named.get(sender) ?? "theirs") =>
  call.signalled({ type: "signalled", sender, kind, negotiation, body: "null" }, 0);

it("greets those who come, and again those who do not answer, but not all the time", () => {
  call.meet(["a", "c"], 0);
  call.meet(["a", "c"], 5_000);
  call.meet(["a", "c"], 8_000);
  expect(sent).toEqual(["a hello", "c hello", "a hello", "c hello"]);
});

it("of two pages only the one with the smaller id offers", async () => {
  signal("c", "hello");
  signal("a", "hello");
  await settled();
  expect(sent).toEqual(["a ready", "c offer"]);
  expect(FakeConnection.made[0]?.options.iceServers).toBe(servers);
});

it("offers when the other page is ready, and answers its offer", async () => {
  signal("c", "ready");
  signal("a", "offer");
  await settled();
  expect(sent.sort()).toEqual(["a answer", "c offer"]);
});

it("begins anew with a page that was loaded again", () => {
  signal("c", "hello");
  signal("c", "hello");
  expect(FakeConnection.made.map((made) => made.connectionState)).toEqual(["closed", "new"]);
  expect(gone).toEqual(["c"]);
});

it("says what the microphone gives, also when it comes later or goes", async () => {
  signal("c", "hello");
  const track = {} as MediaStreamTrack;
  call.give("audio", track);
  call.give("audio", null);
  await settled();
  expect(FakeConnection.made[0]?.tracks).toEqual([null, track, null]);
});

it("shows the camera, not larger than a home's uplink, and has no way for pictures while it is off", async () => {
  signal("c", "hello");
  signal("a", "offer");
  await settled();
  const [offerer, answerer] = FakeConnection.made;
  const directions = () => [offerer, answerer].map((made) => made?.transceivers.map(({ direction }) => direction));
  expect(directions()).toEqual([
    ["sendrecv", "recvonly"],
    ["sendrecv", "recvonly"],
  ]);
  call.give("video", {} as MediaStreamTrack);
  await settled();
  expect([offerer?.bits, answerer?.bits]).toEqual([400_000, 400_000]);
  expect(directions()[0]).toEqual(["sendrecv", "sendrecv"]);
  call.give("video", null);
  await settled();
  expect(directions()[1]).toEqual(["sendrecv", "recvonly"]);
  expect(offerer?.pictures.at(-1)).toBeNull();
});

it("shows a picture that comes, goes and comes again, as both sides agreed", async () => {
  vi.stubGlobal("MediaStream", class {});
  signal("a", "offer");
  await settled();
  for (const direction of ["sendonly", "sendrecv", "recvonly", "inactive", "recvonly"]) {
    for (const transceiver of FakeConnection.made[0]?.transceivers ?? []) transceiver.currentDirection = direction;
    signal("a", "offer");
    await settled();
  }
  expect(seen).toEqual([
    ["a", true],
    ["a", false],
    ["a", true],
  ]);
});

it("looks for another way as soon as one breaks, and keeps the connection", () => {
  signal("c", "hello");
  for (const state of ["disconnected", "failed"]) FakeConnection.made[0]?.become(state);
  expect(FakeConnection.made[0]?.restarts).toBe(2);
  expect(gone).toEqual([]);
});

it("greets nobody whose way broke a moment ago: that would end the search for another", () => {
  signal("c", "hello");
  FakeConnection.made[0]?.become("connected");
  call.meet(["c"], 60_000);
  FakeConnection.made[0]?.become("disconnected");
  for (const now of [61_000, 70_000, 75_000]) call.meet(["c"], now);
  expect(sent).not.toContain("c hello");
  call.meet(["c"], 76_000);
  expect(sent).toContain("c hello");
});

it("goes on hearing who left without goodbye, and may be back at once, for a while", () => {
  for (const id of ["c", "d"]) signal(id, "hello");
  for (const made of FakeConnection.made) made.become("connected");
  call.meet(["c", "d"], 60_000);
  for (const now of [61_000, 70_000]) call.meet([], now);
  call.meet(["c"], 75_000);
  expect(gone).toEqual([]);
  for (const now of [76_000, 89_000]) call.meet([], now);
  expect(gone).toEqual(["d"]);
  call.meet([], 91_000);
  expect(gone).toEqual(["d", "c"]);
});

it("gives up who left before there was a connection", () => {
  signal("c", "hello");
  call.meet([], 7_000);
  expect(gone).toEqual([]);
  call.meet([], 8_000);
  expect(gone).toEqual(["c"]);
});

it("says goodbye, and drops who says goodbye to this connection, not to an earlier one", async () => {
  for (const id of ["c", "d"]) signal(id, "hello");
  await settled();
  signal("c", "bye", "an earlier one");
  expect(gone).toEqual([]);
  signal("c", "bye");
  call.close();
  expect(gone).toEqual(["c", "d"]);
  expect(sent.at(-1)).toBe("d bye");
});

it("keeps the new connection when the one before it fails late", async () => {
  signal("c", "hello");
  await settled();
  signal("c", "candidate");
  signal("c", "hello");
  await settled();
  expect(gone).toEqual(["c"]);
  call.meet(["c"], 1_000);
  expect(sent).not.toContain("c hello");
});
