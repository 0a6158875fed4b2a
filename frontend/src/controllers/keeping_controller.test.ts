import { beforeEach, expect, it } from "vitest";
import type { RoomEvent, Welcome } from "../protocol";
import { announce, type HostAsked } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template } from "../testing/page";
import { KeepingController } from "./keeping_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const on = goldenMessage<RoomEvent>("room_events", "the audio is kept");
const off = goldenMessage<RoomEvent>("room_events", "meeting locked");
let store: RoomStore;
let asked: unknown[];

window.addEventListener("host:ask", (event) => asked.push((event as HostAsked).detail.request));

beforeEach(async () => {
  store = new RoomStore(0);
  asked = [];
  await show(template("meetings/_keeping.html"), { keeping: KeepingController });
});

function apply(agreed: boolean | null, ...events: RoomEvent[]): void {
  const participants = welcome.participants.map((person) => ({ ...person, audio_agreed: agreed }));
  for (const event of [{ ...welcome, participants }, ...events]) {
    store.apply(event, 0);
    announce("room:changed", { store, final: null });
  }
}

const sign = () => find("[data-keeping-target=sign]");
const panel = () => find("[data-keeping-target=panel]");
const shownAnswer = () => find(".keeping-label:not([hidden])").dataset.answer;

it("says nothing while the audio is not kept", () => {
  apply(null);
  expect([sign().hidden, panel().hidden]).toEqual([true, true]);
});

it("asks who has not answered, once, and sends the answer", () => {
  apply(null, on);
  expect([sign().hidden, panel().hidden]).toEqual([false, false]);
  find(".keeping-refuse").click();
  expect(asked).toEqual([{ type: "audio.agree", agreed: false }]);
  expect(panel().hidden).toBe(true);
  apply(null, on);
  expect(panel().hidden).toBe(true);
});

it("shows who answered before the sign alone, and lets them change their mind", () => {
  apply(false, on);
  expect(panel().hidden).toBe(true);
  expect(shownAnswer()).toBe("false");
  sign().click();
  expect(panel().hidden).toBe(false);
  find(".keeping-agree").click();
  expect(asked).toEqual([{ type: "audio.agree", agreed: true }]);
});

it("says so while audio cannot be kept", () => {
  apply(true, on, goldenMessage<RoomEvent>("room_events", "status while audio cannot be kept"));
  expect(shownAnswer()).toBe("stuck");
  apply(true, goldenMessage<RoomEvent>("room_events", "status"));
  expect(shownAnswer()).toBe("true");
});

it("goes away when the host turns it off, and asks again when it is turned on again", () => {
  apply(null, on, off);
  expect([sign().hidden, panel().hidden]).toEqual([true, true]);
  apply(null, on);
  expect(panel().hidden).toBe(false);
});
