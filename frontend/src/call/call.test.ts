import { beforeEach, expect, it, vi } from "vitest";
import { Call } from "./call";

/** What the browser would connect; it negotiates nothing. */
class FakeConnection {
  static made: FakeConnection[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription = { sdp: "local" };
  onnegotiationneeded: (() => void) | null = null;
  readonly tracks: unknown[] = [];
  readonly taken: string[] = [];
  restarts = 0;
  private negotiating = false;
  bits: number | undefined;
  onconnectionstatechange: (() => void) | null = null;

  constructor(readonly options: RTCConfiguration) {
    FakeConnection.made.push(this);
  }

  readonly pictures: unknown[] = [];
  readonly transceivers: {
    direction: string;
    currentDirection: string;
    receiver: { track: { kind: string } };
    sender: object;
  }[] = [];

  addTransceiver(kind: string, { direction }: { direction: string }) {
    this.negotiate();
    return this.made(kind, direction);
  }
  private negotiate() {
    if (!this.negotiating) queueMicrotask(() => this.onnegotiationneeded?.());
    this.negotiating = true; // once for all that is made in one go
  }
  private made(kind: string, direction: string) {
    const tracks = kind === "audio" ? this.tracks : this.pictures;
    const sender = {
      replaceTrack: async (track: unknown) => void tracks.push(track),
      getParameters: () => ({ encodings: [{}] }),
      setParameters: async (parameters: { encodings: { maxBitrate?: number }[] }) => {
        this.bits = parameters.encodings[0]?.maxBitrate;
      },
    };
    const transceiver = { direction, currentDirection: "inactive", receiver: { track: { kind } }, sender };
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getTransceivers() {
    if (this.transceivers.length === 0) for (const kind of ["audio", "video"]) this.made(kind, "recvonly");
    return this.transceivers;
  }
  async setLocalDescription() {}
  async setRemoteDescription(description: { type: string; sdp: string }) {
    this.taken.push(description.type);
  }
  async addIceCandidate() {
    this.taken.push("candidate");
  }
  restartIce() {
    this.restarts++;
  }
  close() {
    this.connectionState = "closed";
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

const servers = [{ urls: ["stun:a:3478"] }];
let sent: string[];
let gone: string[];
let seen: [string, boolean][];
let call: Call;

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  FakeConnection.made = [];
  sent = [];
  gone = [];
  seen = [];
  call = new Call("b", servers, {
    send: (to, kind) => sent.push(`${to} ${kind}`),
    heard: () => {},
    seen: (id, media) => seen.push([id, media !== null]),
    gone: (id) => gone.push(id),
  });
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const signal = (sender: string, kind: "hello" | "ready" | "offer" | "answer" | "bye") =>
  call.signalled({ type: "signalled", sender, kind, body: "" }, 0);

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
  signal("c", "hello");
  for (const direction of ["sendonly", "sendrecv", "recvonly", "inactive", "recvonly"]) {
    await settled();
    for (const transceiver of FakeConnection.made[0]?.transceivers ?? []) transceiver.currentDirection = direction;
    signal("c", "answer");
  }
  await settled();
  expect(seen).toEqual([
    ["c", true],
    ["c", false],
    ["c", true],
  ]);
});

it("looks for another way when one broke, and keeps the connection", () => {
  signal("c", "hello");
  FakeConnection.made[0]?.become("failed");
  expect(FakeConnection.made[0]?.restarts).toBe(1);
  expect(gone).toEqual([]);
});

it("says goodbye, and drops who leaves or says goodbye", () => {
  for (const id of ["c", "d", "e"]) signal(id, "hello");
  signal("c", "bye");
  call.meet(["e"], 0);
  call.close();
  expect(gone).toEqual(["c", "d", "e"]);
  expect(sent.at(-1)).toBe("e bye");
});
