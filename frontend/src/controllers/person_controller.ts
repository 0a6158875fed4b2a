import { Controller } from "@hotwired/stimulus";
import type { HostRequest } from "../protocol";
import { announce, type RoomChanged } from "../room/events";
import type { Person, RoomStore } from "../room/store";

/** The dialog about one person: everybody renames themselves; a host also asks to mute, lowers the hand and removes. */
export class PersonController extends Controller<HTMLDialogElement> {
  static targets = ["title", "name", "mute", "hand", "remove", "confirm"];
  declare titleTarget: HTMLElement;
  declare nameTarget: HTMLInputElement;
  declare muteTarget: HTMLButtonElement;
  declare handTarget: HTMLButtonElement;
  declare removeTarget: HTMLButtonElement;
  declare confirmTarget: HTMLButtonElement;
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
    this.confirmTarget.hidden = true;
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
    this.confirmTarget.hidden = false;
    this.confirmTarget.focus();
  }

  removeNow(): void {
    this.ask({ type: "participant.remove", participant_id: this.id });
  }

  private offer(person: Person): void {
    const host = this.store?.isHost === true;
    const other = person.id !== this.store?.you;
    this.muteTarget.hidden = !(host && other && !person.muted);
    this.handTarget.hidden = !(host && person.hand_ms !== null);
    this.removeTarget.hidden = !(host && other && person.role !== "host") || !this.confirmTarget.hidden;
  }

  private ask(request: HostRequest): void {
    announce("host:ask", { request });
    this.element.close();
  }
}
