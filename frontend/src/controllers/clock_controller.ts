import { Controller } from "@hotwired/stimulus";
import { clock } from "../room/clock";
import type { RoomChanged } from "../room/events";

/** How long the meeting has been running. */
export class ClockController extends Controller<HTMLElement> {
  static targets = ["time"];
  static values = { start: String };
  declare timeTarget: HTMLElement;
  declare startValue: string;
  private stopped = false;

  connect(): void {
    this.show();
  }

  update(event: RoomChanged): void {
    this.startValue = event.detail.store.startedAt ?? this.startValue;
    this.stopped = event.detail.store.ended !== "no";
    this.element.classList.toggle("is-stopped", this.stopped);
  }

  show(): void {
    if (this.startValue === "" || this.stopped) return;
    this.timeTarget.textContent = clock(Date.now() - Date.parse(this.startValue));
  }
}
