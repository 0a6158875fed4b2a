import { beforeEach, expect, it } from "vitest";
import type { Mark, RoomEvent, Welcome } from "../protocol";
import { announce } from "../room/events";
import { RoomStore } from "../room/store";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { OwnersController } from "./owners_controller";
import { UnreadController } from "./unread_controller";

const welcome = goldenMessage<Welcome>("room_events", "welcome");
const mark = goldenMessage<Mark>("room_events", "mark");
const theirs = { ...mark, participant_id: "somebody else" };
const controls = template("meetings/_controls.html");
const button = controls.slice(controls.lastIndexOf("<button", controls.indexOf("marks:toggle")));
const page = `
  ${template("meetings/_marks.html")}
  ${button.slice(0, button.indexOf("</button>"))}</button>`;

let store: RoomStore;

beforeEach(async () => {
  sessionStorage.clear();
  await showPage();
});

async function showPage(): Promise<void> {
  store = new RoomStore(0);
  await show(page, { owners: OwnersController, unread: UnreadController });
  apply(welcome);
}

function apply(...events: RoomEvent[]): void {
  for (const event of events) {
    store.apply(event, 0);
    announce("room:changed", { store, final: null });
  }
}

const unread = () => texts(".marks-unread [data-slot=unread]");

it("counts what others wrote, and nothing that was taken back or is one's own", () => {
  expect(unread()).toEqual([]);
  apply(mark, { ...theirs, id: "1", change: 32 }, { ...theirs, id: "2", change: 33 });
  expect(unread()).toEqual(["2"]);
  apply({ ...theirs, id: "2", change: 34, withdrawn: true });
  expect(unread()).toEqual(["1"]);
});

it("has read what came until the list was open, also after the page was loaded again", async () => {
  apply(theirs);
  find(".marks").classList.add("is-open");
  announce("room:tick");
  expect(unread()).toEqual([]);
  await showPage();
  apply(theirs);
  expect(unread()).toEqual([]);
  apply({ ...theirs, id: "new", change: 35 });
  expect(unread()).toEqual(["1"]);
});

it("offers who comes later as an owner too, and everybody under the name they have now", () => {
  const [host, guest] = welcome.participants as [Welcome["participants"][0], Welcome["participants"][0]];
  apply({ type: "participant.joined", participant: { ...guest, id: "late", name: "Late Lea" } });
  apply({ type: "participant.joined", participant: { ...guest, name: "Renamed" } });
  const offered = Array.from(find("#people-names").children, (option) => (option as HTMLOptionElement).value);
  expect(offered).toEqual([host.name, "Renamed", "Late Lea"]);
});
