import { beforeEach, expect, it } from "vitest";
import type { Status } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { LatencyController } from "./latency_controller";

const measured = goldenMessage<Status>("room_events", "status while people speak");
const silent = goldenMessage<Status>("room_events", "status");

let store: RoomStore;

beforeEach(async () => {
  store = new RoomStore(0);
  await show(template("meetings/_latency.html"), { latency: LatencyController });
});

function hear(status: Status): void {
  store.apply(status, 0);
  announce("room:changed", { store, final: null });
}

it("is quiet until something was measured", () => {
  hear(silent);
  expect(find(".latency").hidden).toBe(true);
  hear(measured);
  expect(texts(".latency-figure [data-latency-target=figure]")).toEqual(["640 ms"]);
});

it("tells the stages that were measured, and how many captions were late", () => {
  hear(measured);
  expect(texts("tbody tr td")).toEqual(["12 ms", "38 ms", "640 ms", "2.1 s"]);
  expect(texts(".latency-detail > p [data-latency-target]")).toEqual(["13 %", "2.0 s"]);
});

it("warns when more than one caption in twenty is late", () => {
  hear(measured);
  expect(find(".latency").classList.contains("is-late")).toBe(true);
  if (measured.latency) hear({ ...measured, latency: { ...measured.latency, late: 0.05 } });
  expect(find(".latency").classList.contains("is-late")).toBe(false);
});

it("goes away when nobody speaks any more and when the transcriber is gone", () => {
  hear(measured);
  hear({ ...measured, transcriber: "absent" });
  expect(find(".latency").hidden).toBe(true);
  hear(measured);
  hear(silent);
  expect(find(".latency").hidden).toBe(true);
});

it("is opened by a button, so also by the keyboard", () => {
  expect(find<HTMLButtonElement>("button.latency-figure").getAttribute("popovertarget")).toBe(find("[popover]").id);
});
