import { Controller } from "@hotwired/stimulus";
import type { HostRequest } from "../protocol";
import { announce, type RoomChanged } from "../room/events";
import { newSegment, slot } from "../room/segment-element";

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

  update(event: RoomChanged): void {
    const { store } = event.detail;
    this.off = store.isOffRecord;
    this.lockedTarget.checked = store.doors.locked;
    this.waitingRoomTarget.checked = store.doors.waitingRoom;
    this.keepAudioTarget.checked = store.doors.keepAudio;
    for (const button of this.offRecordTargets) button.ariaPressed = String(this.off);
    this.showWaiting(store.waiting);
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

  private showWaiting(people: Array<{ id: string; name: string }>): void {
    this.waitingTarget.hidden = people.length === 0;
    const shown = Array.from(this.waitingListTarget.children, (item) => (item as HTMLElement).dataset.person);
    if (shown.join() === people.map((person) => person.id).join()) return;
    this.waitingListTarget.replaceChildren(...people.map((person) => this.waitingItem(person)));
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
