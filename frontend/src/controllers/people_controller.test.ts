import { beforeEach, expect, it } from "vitest";
import type { RoomEvent, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { PeopleController } from "./people_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const [host, guest] = welcome.participants as [Welcome["participants"][0], Welcome["participants"][0]];

let store: RoomStore;

beforeEach(async () => {
  store = new RoomStore(0);
  await show(template("meetings/_people.html"), { people: PeopleController });
  apply(welcome);
});

function apply(event: RoomEvent): void {
  store.apply(event, Date.now());
  announce("room:changed", { store, final: null });
}

it("lists who is in the room, says which one is you, and counts", () => {
  expect(texts(".person [data-slot=name]")).toEqual([host.name]);
  expect(find(".person [data-slot=you]").hidden).toBe(false);
  expect(texts(".people-count")).toEqual(["1"]);
});

it("adds who comes and drops who leaves", () => {
  apply({ type: "participant.joined", participant: { ...guest, present: true } });
  expect(texts(".person [data-slot=name]")).toEqual([host.name, guest.name]);
  apply({ type: "participant.left", participant_id: host.id });
  expect(texts(".person [data-slot=name]")).toEqual([guest.name]);
});

it("shows who speaks and whose microphone is off", () => {
  apply(goldenMessage("room_events", "partial with an unsettled end"));
  expect(find(".person [data-slot=speaking]").hidden).toBe(false);
  apply({ type: "participant.state", participant_id: host.id, muted: true, hearing: false });
  expect(find(".person [data-slot=speaking]").hidden).toBe(true);
  expect(find(".person [data-slot=muted]").hidden).toBe(false);
});

it("shows raised hands in the order in which they went up", () => {
  apply({ type: "participant.joined", participant: { ...guest, present: true } });
  apply({ type: "participant.hand", participant_id: host.id, hand_ms: 2_000 });
  apply({ type: "participant.hand", participant_id: guest.id, hand_ms: 1_000 });
  expect(texts(".person [data-slot=place]")).toEqual(["2", "1"]);
  apply({ type: "participant.hand", participant_id: guest.id, hand_ms: null });
  expect(texts(".person [data-slot=hand]")).toHaveLength(1);
});
