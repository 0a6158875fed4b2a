import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeConnection } from "../testing/connection";
import { Call } from "./call";

const ONE_WAY_MS = 40;

/** Two pages and the server between them. */
class Page {
  readonly said: string[] = [];
  readonly call: Call;
  other!: Page;
  online = true;

  constructor(readonly id: string) {
    this.call = new Call(id, [], {
      send: (_, kind, negotiation, body) => {
        this.said.push(kind);
        const arrives = this.online && this.other.online;
        const signal = { type: "signalled", sender: id, kind, negotiation, body } as const;
        if (arrives) setTimeout(() => this.other.call.signalled(signal, Date.now()), ONE_WAY_MS);
      },
      heard: () => {},
      seen: () => {},
      gone: () => {},
    });
  }

  meet(): void {
    this.call.meet([this.other.id], Date.now());
  }
}

let ada: Page;
let grace: Page;
const connections = () => FakeConnection.made.filter((made) => made.connectionState !== "closed");
const states = () => connections().map((made) => made.connectionState);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  FakeConnection.made = [];
  [ada, grace] = [new Page("ada"), new Page("grace")];
  [ada.other, grace.other] = [grace, ada];
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ["the one who offers first", () => [ada, grace]],
  ["the other first", () => [grace, ada]],
])("are connected at once also when their hellos cross, %s", async (_, order) => {
  const [first, second] = order() as [Page, Page];
  first.meet();
  await vi.advanceTimersByTimeAsync(ONE_WAY_MS / 2);
  second.meet();
  await vi.advanceTimersByTimeAsync(8 * ONE_WAY_MS);
  expect(states()).toEqual(["connected", "connected"]);
});

it("are connected at once also when both greet again before the first answer came", async () => {
  for (const page of [grace, grace, ada]) {
    page.call.resume();
    page.meet();
    await vi.advanceTimersByTimeAsync(2 * ONE_WAY_MS + 5);
  }
  await vi.advanceTimersByTimeAsync(8 * ONE_WAY_MS);
  expect(states()).toEqual(["connected", "connected"]);
});

async function connect(): Promise<void> {
  ada.meet();
  await vi.advanceTimersByTimeAsync(8 * ONE_WAY_MS);
  for (const page of [ada, grace]) page.meet();
}

it("find another way after the network was away, with the connection they have", async () => {
  await connect();
  const before = connections();
  ada.online = false;
  for (const made of before) made.become("disconnected");
  for (let second = 0; second < 10; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    for (const page of [ada, grace]) page.meet();
  }
  expect(states()).toEqual(["disconnected", "disconnected"]);
  ada.online = true;
  ada.call.resume();
  await vi.advanceTimersByTimeAsync(8 * ONE_WAY_MS);
  expect(states()).toEqual(["connected", "connected"]);
  expect(connections()).toEqual(before);
});

it("take one answer of two to an offer that was repeated", async () => {
  await connect();
  connections()[0]?.become("disconnected");
  await vi.advanceTimersByTimeAsync(1);
  ada.call.resume();
  await vi.advanceTimersByTimeAsync(8 * ONE_WAY_MS);
  expect(grace.said.filter((kind) => kind === "answer")).toHaveLength(3);
  expect(states()).toEqual(["connected", "connected"]);
});
