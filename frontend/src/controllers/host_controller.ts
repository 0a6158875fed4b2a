import { Controller } from "@hotwired/stimulus";
import type { HostRequest } from "../protocol";
import { announce, type LinkChanged, type RoomChanged } from "../room/events";
import { newSegment, slot } from "../room/segment-element";
import type { Doors } from "../room/store";

/** A host's switches, and the list of those who wait to be let in. */
export class HostController extends Controller<HTMLElement> {
  static targets = ["locked", "waitingRoom", "keepAudio", "offRecord", "waiting", "waitingList", "template"];
  declare lockedTarget: HTMLInputElement;
  declare waitingRoomTarget: HTMLInputElement;
  declare keepAudioTarget: HTMLInputElement;
  declare offRecordTargets: HTMLElement[];
  declare waitingTarget: HTMLElement;
  declare waitingListTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  private off = false;
  /** As the server last said; null when the switches may show what it never took. */
  private doors: Doors | null = null;

  connect(): void {
    this.enable(false);
  }

  update(event: RoomChanged): void {
    const { store } = event.detail;
    this.off = store.isOffRecord;
    this.show(store.doors);
    this.showWaiting(store.waiting);
  }

  /** What is asked over a broken link is lost: the switches rest until it is back, and then show how things are. */
  link(event: LinkChanged): void {
    this.doors = null;
    this.enable(event.detail.link === "connected" || event.detail.link === "stale");
  }

  denied(): void {
    this.doors = null;
  }

  lock(): void {
    ask({ type: "meeting.set", locked: this.lockedTarget.checked });
  }

  openWaitingRoom(): void {
    ask({ type: "meeting.set", waiting_room: this.waitingRoomTarget.checked });
  }

  keepAudio(): void {
    ask({ type: "meeting.set", keep_audio: this.keepAudioTarget.checked });
  }

  toggleRecord(): void {
    ask({ type: "meeting.set", off_record: !this.off });
  }

  admit(event: Event): void {
    ask({ type: "participant.admit", participant_id: personOf(event) });
  }

  refuse(event: Event): void {
    ask({ type: "participant.remove", participant_id: personOf(event) });
  }

  private get switches(): Array<[HTMLInputElement, keyof Doors]> {
    return [
      [this.lockedTarget, "locked"],
      [this.waitingRoomTarget, "waitingRoom"],
      [this.keepAudioTarget, "keepAudio"],
    ];
  }

  /** A switch that was just pressed stays as it is until the server says something about it. */
  private show(doors: Doors): void {
    for (const [input, name] of this.switches) {
      if (doors[name] !== this.doors?.[name]) input.checked = doors[name];
    }
    this.doors = doors;
  }

  private enable(can: boolean): void {
    for (const [input] of this.switches) input.disabled = !can;
    for (const button of this.offRecordTargets) (button as HTMLButtonElement).disabled = !can;
  }

  private showWaiting(people: Array<{ id: string; name: string }>): void {
    this.waitingTarget.hidden = people.length === 0;
    const items = Array.from(this.waitingListTarget.children) as HTMLElement[];
    for (const item of items) if (!people.some((person) => person.id === item.dataset.person)) item.remove();
    const known = items.map((item) => item.dataset.person);
    const knocking = people.filter((person) => !known.includes(person.id));
    this.waitingListTarget.append(...knocking.map((person) => this.waitingItem(person)));
  }

  private waitingItem(person: { id: string; name: string }): HTMLElement {
    const item = newSegment(this.templateTarget);
    item.dataset.person = person.id;
    slot(item, "name").textContent = person.name;
    return item;
  }
}

function personOf(event: Event): string {
  return (event.target as Element).closest<HTMLElement>("[data-person]")?.dataset.person ?? "";
}

function ask(request: HostRequest): void {
  announce("host:ask", { request });
}
