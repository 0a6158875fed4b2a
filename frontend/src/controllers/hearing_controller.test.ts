import { beforeEach, expect, it, vi } from "vitest";
import type { RoomEvent, SignalRequest, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { FakeConnection } from "../testing/connection";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template } from "../testing/page";
import { HearingController } from "./hearing_controller";

const controls = template("meetings/_controls.html");
const page = controls.slice(controls.indexOf('<div class="hearing"'), controls.indexOf('<div class="camera"'));
const welcome = goldenMessage<Welcome>("room_events", "welcome");
const [person] = welcome.participants;

let store: RoomStore;
let sent: SignalRequest[];
let told: object[];

const listen = new AbortController();
window.addEventListener("room:signal", (event) => sent.push((event as CustomEvent).detail.request), listen);
window.addEventListener("hearing:changed", (event) => told.push((event as CustomEvent).detail), listen);

function changed(...events: RoomEvent[]): void {
  for (const event of events) store.apply(event, Date.now());
  announce("room:changed", { store, final: null });
}

/** People are in the room with "b", this page. */
function enter(people: Record<string, { hearing: boolean }>): void {
  const participants = Object.entries(people).map(([id, values]) => ({ ...person, id, present: true, ...values }));
  changed({ ...welcome, you: "b", participants: participants as Welcome["participants"] });
}

async function heard(from: string): Promise<void> {
  announce("room:signalled", { type: "signalled", sender: from, kind: "hello", negotiation: "", body: "" });
  const connection = FakeConnection.made.at(-1) as FakeConnection & { ontrack(event: object): void };
  connection.ontrack({ track: { kind: "audio" } });
  connection.become("connected");
  await settled();
}

const said = () => sent.map(({ to, kind }) => `${to} ${kind}`);
const shown = () => find("[data-hearing-target=label]:not([hidden])").dataset.state;
const voices = () => Array.from(document.querySelectorAll("audio"), (voice) => voice.dataset.participant);

beforeEach(async () => {
  sent = [];
  told = [];
  localStorage.clear();
  store = new RoomStore(0);
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("MediaStream", class {});
  vi.spyOn(HTMLMediaElement.prototype, "srcObject", "set").mockImplementation(() => undefined);
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  FakeConnection.made = [];
  await show(page, { hearing: HearingController });
});

it("greets those who hear, and nobody who takes captions only", async () => {
  enter({ b: { hearing: false }, c: { hearing: true }, d: { hearing: false } });
  await settled();
  expect(said()).toEqual(["c hello"]);
  expect(told.at(-1)).toEqual({ wanted: true, on: true });
  expect(shown()).toBe("on");
});

it("plays the voices, and takes captions only on request, which the others are told", async () => {
  enter({ b: { hearing: true }, c: { hearing: true } });
  await heard("c");
  expect(voices()).toEqual(["c"]);
  find("button").click();
  await settled();
  expect([voices(), said().at(-1)]).toEqual([[], "c bye"]);
  expect(told.at(-1)).toEqual({ wanted: false, on: false });
  expect(shown()).toBe("off");
});

it("of more than six people, those hear each other who want to, where they are six", async () => {
  const others = ["c", "d", "e", "f", "g"];
  const five = Object.fromEntries(others.map((id) => [id, { hearing: true }]));
  enter({ b: { hearing: true }, ...five, h: { hearing: false }, i: { hearing: false } });
  await settled();
  expect(said()).toEqual(others.map((id) => `${id} hello`));
  await heard("c");
  changed({ type: "participant.state", participant_id: "h", muted: true, hearing: true });
  await settled();
  expect(told.at(-1)).toEqual({ wanted: true, on: false });
  expect([shown(), voices(), said().at(-1)]).toEqual(["crowd", [], "c bye"]);
  changed({ type: "participant.state", participant_id: "g", muted: true, hearing: false });
  await settled();
  expect(shown()).toBe("on");
});

it("asks for a click where the browser plays nothing before one", async () => {
  vi.mocked(HTMLMediaElement.prototype.play).mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  enter({ b: { hearing: true }, c: { hearing: true } });
  await heard("c");
  expect(shown()).toBe("blocked");
  announce("room:tick");
  await settled();
  expect(shown()).toBe("blocked");
  find("button").click();
  await settled();
  expect(shown()).toBe("on");
  expect(HTMLMediaElement.prototype.play).toHaveBeenCalledTimes(2);
});

it("plays the voices on another loudspeaker that was chosen", async () => {
  const sinks: string[] = [];
  enter({ b: { hearing: true }, c: { hearing: true } });
  await heard("c");
  Object.assign(find("audio"), { setSinkId: async (id: string) => void sinks.push(id) });
  localStorage.setItem("sound", JSON.stringify({ speaker: "headset" }));
  announce("devices:speaker");
  expect(sinks).toEqual(["headset"]);
});

it("goes on hearing somebody whose page has lost the room for a moment", async () => {
  enter({ b: { hearing: true }, c: { hearing: true } });
  await heard("c");
  announce("room:tick");
  changed({ type: "participant.left", participant_id: "c" });
  expect(voices()).toEqual(["c"]);
});

it("says again what it said while it was cut off", async () => {
  enter({ b: { hearing: true }, c: { hearing: true } });
  for (const link of ["lost", "connected", "connected"]) announce("room:link", { link, code: 0 });
  announce("room:tick");
  expect(said()).toEqual(["c hello", "c hello"]);
});

it("says goodbye when the page goes", async () => {
  enter({ b: { hearing: true }, c: { hearing: true } });
  await heard("c");
  window.dispatchEvent(new Event("pagehide"));
  expect(said().at(-1)).toBe("c bye");
});
