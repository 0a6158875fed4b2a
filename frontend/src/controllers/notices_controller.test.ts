import { beforeEach, expect, it } from "vitest";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { find, show, template, texts } from "../testing/page";
import { NoticesController } from "./notices_controller";

let store: RoomStore;

beforeEach(async () => {
  store = new RoomStore(0);
  await show(template("meetings/_notices.html"), { notices: NoticesController });
});

function shown(): string[] {
  return Array.from(document.querySelectorAll<HTMLElement>(".notice:not([hidden])"), (notice) =>
    String(notice.dataset.notice),
  );
}

/** What a screen reader gets of an element. */
function spoken(selector: string): string {
  const element = find(selector).cloneNode(true) as HTMLElement;
  for (const silent of element.querySelectorAll("[aria-hidden=true]")) silent.remove();
  return (element.textContent ?? "").replace(/\s+/g, " ").trim();
}

function status(lagMs: number): void {
  store.apply({ type: "status", transcriber: "ready", lag_ms: lagMs, sequence: 0 }, 0);
  announce("room:changed", { store, final: null });
}

it("says that it connects, and nothing once it has", () => {
  expect(shown()).toEqual(["connecting"]);
  announce("room:link", { link: "connected", code: 0 });
  expect(shown()).toEqual([]);
});

it("says how much is kept while the microphone's connection is away", () => {
  announce("room:link", { link: "lost", code: 0 });
  announce("microphone:changed", { state: "on", uplink: "lost", keptSeconds: 130.4 });
  expect(shown()).toEqual(["keeping"]);
  expect(texts('.notice [data-slot="kept"]')).toEqual(["2 min 10 s"]);
});

it("says how much waits to be sent once the connection is back", () => {
  announce("room:link", { link: "connected", code: 0 });
  announce("microphone:changed", { state: "on", uplink: "streaming", keptSeconds: 45 });
  expect(shown()).toEqual(["sending"]);
  expect(texts('.notice [data-slot="kept"]')).toEqual(["45 s"]);
});

it("says how late captions are", () => {
  announce("room:link", { link: "connected", code: 0 });
  status(7_400);
  expect(shown()).toEqual(["late"]);
  expect(texts('.notice [data-slot="late"]')).toEqual(["7 s"]);
  status(200);
  expect(shown()).toEqual([]);
});

it("announces a notice once, and not the figures in it that change every second", () => {
  const announced = new Set<string>();
  announce("room:link", { link: "lost", code: 0 });
  for (const keptSeconds of [20, 21, 22]) {
    announce("microphone:changed", { state: "on", uplink: "lost", keptSeconds });
    announced.add(spoken(".notice:not([hidden])"));
  }
  announce("room:link", { link: "connected", code: 0 });
  for (const lagMs of [7_400, 8_400, 9_400]) {
    announce("microphone:changed", { state: "on", uplink: "streaming", keptSeconds: 0 });
    status(lagMs);
    announced.add(spoken(".notice:not([hidden])"));
  }
  expect(Array.from(announced)).toEqual([
    "Reconnecting… What you say is kept here.",
    "Captions are late. Nothing is lost.",
  ]);
});

it("leads to the transcript when the meeting is over", () => {
  store.apply({ type: "meeting.ended", complete: true }, 0);
  announce("room:changed", { store, final: null });
  expect(shown()).toEqual(["ended"]);
});

it("says with its code why the server closed the microphone's connection", () => {
  announce("microphone:refused", { code: 4429 });
  expect(shown()).toEqual(["refused"]);
  expect(texts('.notice [data-slot="code"]')).toEqual(["4429"]);
});
