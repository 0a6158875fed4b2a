import { Controller } from "@hotwired/stimulus";
import type { HostRequest } from "../protocol";
import { announce, type RoomChanged } from "../room/events";
import type { Person, RoomStore } from "../room/store";

/** The dialog about one person: everybody renames themselves; a host also asks to mute, lowers the hand and removes. */
export class PersonController extends Controller<HTMLDialogElement> {
  static targets = ["title", "name", "mute", "hand", "remove", "confirm", "devices"];
  declare titleTarget: HTMLElement;
  declare nameTarget: HTMLInputElement;
  declare muteTarget: HTMLButtonElement;
  declare handTarget: HTMLButtonElement;
  declare removeTarget: HTMLButtonElement;
  declare confirmTargets: HTMLButtonElement[];
  declare devicesTarget: HTMLElement;
  private store: RoomStore | null = null;
  private id = "";

  update(event: RoomChanged): void {
    this.store = event.detail.store;
    const person = this.store.people.get(this.id);
    if (!this.element.open) return;
    if (person?.present) this.offer(person);
    else this.element.close();
  }

  open(event: CustomEvent<{ id: string }>): void {
    const person = this.store?.people.get(event.detail.id);
    if (!person || (person.id !== this.store?.you && !this.store?.isHost)) return;
    this.id = person.id;
    this.titleTarget.textContent = person.name;
    this.nameTarget.value = person.name;
    this.confirm(false);
    this.offer(person);
    this.element.showModal();
  }

  rename(event: Event): void {
    event.preventDefault();
    const name = this.nameTarget.value.trim();
    if (name) this.ask({ type: "participant.rename", participant_id: this.id, name });
  }

  askMute(): void {
    this.ask({ type: "participant.ask_mute", participant_id: this.id });
  }

  lowerHand(): void {
    this.ask({ type: "participant.lower_hand", participant_id: this.id });
  }

  /** Removing is for good, so it is asked twice. */
  remove(): void {
    this.removeTarget.hidden = true;
    this.confirm(true);
    this.confirmTargets[0]?.focus();
  }

  removeNow(): void {
    this.ask({ type: "participant.remove", participant_id: this.id });
  }

  /** A guest who forgets the cookies is a stranger again: a locked meeting takes nobody new. */
  removeAndLock(): void {
    this.removeNow();
    this.ask({ type: "meeting.set", locked: true });
  }

  private confirm(asked: boolean): void {
    for (const button of this.confirmTargets) button.hidden = !asked;
  }

  private offer(person: Person): void {
    const host = this.store?.isHost === true;
    const other = person.id !== this.store?.you;
    this.devicesTarget.hidden = other;
    this.muteTarget.hidden = !(host && other && !person.muted);
    this.handTarget.hidden = !(host && person.hand_ms !== null);
    this.removeTarget.hidden = !(host && other && person.role !== "host") || this.confirmTargets[0]?.hidden === false;
  }

  private ask(request: HostRequest): void {
    announce("host:ask", { request });
    this.element.close();
  }
}
