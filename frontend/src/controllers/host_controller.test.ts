import { beforeEach, expect, it } from "vitest";
import type { HostRequest, RoomEvent, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template, texts } from "../testing/page";
import { HostController } from "./host_controller";
import { MuteAskedController } from "./mute_asked_controller";
import { NamesController } from "./names_controller";
import { PersonController } from "./person_controller";
import { RecordFlowController } from "./record_flow_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const [host, guest] = welcome.participants as [Welcome["participants"][0], Welcome["participants"][0]];
const page = `
  ${template("meetings/_room_dialogs.html")}
  <section data-controller="names record-flow" data-action="room:changed@window->names#update room:changed@window->record-flow#update">
    <div id="log" data-record-flow-target="log">
      <p class="said" data-at="1000" data-participant="${guest.id}"><b data-slot="name">${guest.name}</b></p>
      <p class="said" data-at="99000">Later</p>
    </div>
    <template data-record-flow-target="template"><p class="record-span"><i data-slot="from"></i><i data-slot="ended">–<i data-slot="until"></i></i></p></template>
  </section>`;

type Somebody = { id: string; name: string };
let store: RoomStore;
let asked: HostRequest[];

window.addEventListener("host:ask", (event) => asked.push((event as CustomEvent).detail.request));

beforeEach(async () => {
  store = new RoomStore(0);
  asked = [];
  const controllers = { host: HostController, person: PersonController, names: NamesController };
  await show(page, { ...controllers, "record-flow": RecordFlowController, "mute-asked": MuteAskedController });
  announce("room:link", { link: "connected", code: 0 });
  apply(welcome);
});

function apply(...events: RoomEvent[]): void {
  for (const event of events) {
    store.apply(event, 0);
    announce("room:changed", { store, final: null });
  }
}

function press(selector: string): void {
  find(selector).click();
}

it("shows how the meeting is set and sets it", () => {
  apply(goldenMessage("room_events", "meeting locked"));
  expect(find<HTMLInputElement>("[data-host-target=locked]").checked).toBe(true);
  press("[data-host-target=locked]");
  press("[data-host-target=waitingRoom]");
  press("[data-host-target=keepAudio]");
  press("[data-host-target=offRecord]");
  apply(goldenMessage("room_events", "off the record"));
  press("[data-host-target=offRecord]");
  expect(asked).toEqual([
    { type: "meeting.set", locked: false },
    { type: "meeting.set", waiting_room: true },
    { type: "meeting.set", keep_audio: true },
    { type: "meeting.set", off_record: true },
    { type: "meeting.set", off_record: false },
  ]);
});

it("keeps a switch as it was pressed until the server answers, and no longer", () => {
  const locked = find<HTMLInputElement>("[data-host-target=locked]");
  const waitingRoom = find<HTMLInputElement>("[data-host-target=waitingRoom]");
  press("[data-host-target=locked]");
  press("[data-host-target=waitingRoom]");
  apply({ type: "participant.joined", participant: guest });
  expect([locked.checked, waitingRoom.checked]).toEqual([true, true]);
  apply({ type: "meeting.changed", locked: true, waiting_room: false, keep_audio: false });
  expect([locked.checked, waitingRoom.checked]).toEqual([true, true]);
  announce("room:denied", { code: "too_fast", message: "" });
  apply({ type: "participant.joined", participant: guest });
  expect([locked.checked, waitingRoom.checked]).toEqual([true, false]);
});

it("cannot be pressed while nobody would hear", () => {
  const locked = find<HTMLInputElement>("[data-host-target=locked]");
  press("[data-host-target=locked]");
  announce("room:link", { link: "lost", code: 0 });
  expect(locked.disabled).toBe(true);
  announce("room:link", { link: "connected", code: 0 });
  apply({ type: "meeting.changed", locked: false, waiting_room: false, keep_audio: false });
  expect([locked.disabled, locked.checked]).toEqual([false, false]);
});

it("lets in or refuses who waits", async () => {
  apply(goldenMessage("room_events", "somebody waits"));
  await settled();
  expect(find("[data-host-target=waiting]").hidden).toBe(false);
  press("[data-host-target=waitingList] .button-primary");
  press("[data-host-target=waitingList] .button-quiet");
  expect(asked.map((request) => request.type)).toEqual(["participant.admit", "participant.remove"]);
  apply({ type: "waiting.changed", people: [] });
  expect(find("[data-host-target=waiting]").hidden).toBe(true);
});

it("lets the buttons for who waits be where they are when somebody else knocks or goes", () => {
  const [ada, eve] = ["Ada", "Eve"].map((name) => ({ id: name.toLowerCase(), name })) as [Somebody, Somebody];
  apply({ type: "waiting.changed", people: [ada] });
  const letIn = find("[data-person=ada] .button-primary");
  letIn.focus();
  apply({ type: "waiting.changed", people: [ada, eve] });
  expect(texts("[data-host-target=waitingList] [data-slot=name]")).toEqual(["Ada", "Eve"]);
  apply({ type: "waiting.changed", people: [ada] });
  expect(texts("[data-host-target=waitingList] [data-slot=name]")).toEqual(["Ada"]);
  expect(document.activeElement).toBe(letIn);
});

it("renames oneself, and asks twice before it removes somebody", () => {
  apply({ type: "participant.joined", participant: { ...guest, present: true, muted: false } });
  announce("person:open", { id: guest.id });
  press("[data-person-target=mute]");
  announce("person:open", { id: guest.id });
  press("[data-person-target=remove]");
  expect(asked).toHaveLength(1);
  press("[data-person-target=confirm]");
  announce("person:open", { id: host.id });
  expect(find("[data-person-target=remove]").hidden).toBe(true);
  find<HTMLInputElement>("[data-person-target=name]").value = " Ada L. ";
  find(".person-rename").dispatchEvent(new Event("submit", { cancelable: true }));
  expect(asked).toEqual([
    { type: "participant.ask_mute", participant_id: guest.id },
    { type: "participant.remove", participant_id: guest.id },
    { type: "participant.rename", participant_id: host.id, name: "Ada L." },
  ]);
});

it("shows a new name beside what was said before", () => {
  apply({ type: "participant.joined", participant: { ...guest, name: "Grace Hopper" } });
  expect(texts(".said [data-slot=name]")).toEqual(["Grace Hopper"]);
});

it("marks a stretch off the record where it was, and then its end", () => {
  apply(goldenMessage("room_events", "off the record"));
  expect(Array.from(find("#log").children, (line) => line.className)).toEqual(["said", "record-span", "said"]);
  expect(texts("#log [data-slot=from]")).toEqual(["01:10"]);
  expect(texts("#log [data-slot=until]")).toEqual([]);
  apply(goldenMessage("room_events", "on the record again"));
  expect(texts("#log [data-slot=until]")).toEqual(["01:35"]);
});
