import { beforeEach, expect, it } from "vitest";
import type { ParticipantView, Welcome } from "../protocol";
import { announce, type HostAsked } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show } from "../testing/page";
import { PersonController } from "./person_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const [host, guest] = welcome.participants as [ParticipantView, ParticipantView];
const page = `
  <dialog data-controller="person" data-action="person:open@window->person#open room:changed@window->person#update">
    <h2 data-person-target="title"></h2>
    <input data-person-target="name">
    <button data-person-target="mute"></button>
    <button data-person-target="hand"></button>
    <p id="devices" data-person-target="devices"></p>
    <button id="remove" data-person-target="remove" data-action="person#remove"></button>
    <button id="now" hidden data-person-target="confirm" data-action="person#removeNow"></button>
    <button id="lock" hidden data-person-target="confirm" data-action="person#removeAndLock"></button>
  </dialog>`;

const asked: object[] = [];
window.addEventListener("host:ask", (event) => asked.push((event as HostAsked).detail.request));

beforeEach(async () => {
  asked.length = 0;
  await show(page, { person: PersonController });
});

function open(you: string): void {
  const store = new RoomStore(0);
  const participants = welcome.participants.map((person) => ({ ...person, present: true }));
  store.apply({ ...welcome, you, participants }, 0);
  announce("room:changed", { store, final: null });
  announce("person:open", { id: guest.id });
}

it("asks twice before a host removes somebody", () => {
  open(host.id);
  expect(find("#now").hidden).toBe(true);
  find("#remove").click();
  expect(asked).toEqual([]);
  expect([find("#remove").hidden, find("#now").hidden]).toEqual([true, false]);
  find("#now").click();
  expect(asked).toEqual([{ type: "participant.remove", participant_id: guest.id }]);
});

it("locks the meeting together with the removal", () => {
  open(host.id);
  find("#remove").click();
  find("#lock").click();
  expect(asked).toEqual([
    { type: "participant.remove", participant_id: guest.id },
    { type: "meeting.set", locked: true },
  ]);
});

it("offers no removal to who is no host", () => {
  open(guest.id);
  expect(find("#remove").hidden).toBe(true);
  expect(find("#devices").hidden).toBe(false);
});
