import { Controller } from "@hotwired/stimulus";
import type { RoomChanged } from "../room/events";

/** The button that raises one's hand: shows whether it is up. */
export class HandController extends Controller<HTMLElement> {
  update(event: RoomChanged): void {
    const { store } = event.detail;
    this.element.ariaPressed = String(store.people.get(store.you)?.hand_ms != null);
  }
}
