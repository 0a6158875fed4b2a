import { Controller } from "@hotwired/stimulus";
import type { RoomChanged } from "../room/events";
import { slot } from "../room/segment-element";
import type { RoomStore } from "../room/store";

/** Says how many marks of others came since their list was last open, where a phone shows it only on request. */
export class UnreadController extends Controller<HTMLElement> {
  static targets = ["count"];
  static values = { code: String };
  declare countTarget: HTMLElement;
  declare codeValue: string;
  private store: RoomStore | null = null;

  update(event: RoomChanged): void {
    this.store = event.detail.store;
    this.show();
  }

  show(): void {
    if (!this.store) return;
    if (document.querySelector(".marks.is-open")) this.read = this.store.lastChange;
    const unread = Array.from(this.store.marks.values()).filter(
      (mark) => mark.change > this.read && !mark.withdrawn && mark.participant_id !== this.store?.you,
    );
    this.countTarget.hidden = unread.length === 0;
    slot(this.countTarget, "unread").textContent = String(unread.length);
  }

  /** The last change that was seen; a page that is loaded again goes on from there. */
  private get read(): number {
    return Number(sessionStorage.getItem(this.key));
  }

  private set read(change: number) {
    sessionStorage.setItem(this.key, String(change));
  }

  private get key(): string {
    return `read:${this.codeValue}`;
  }
}
