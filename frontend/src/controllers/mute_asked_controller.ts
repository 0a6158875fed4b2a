import { Controller } from "@hotwired/stimulus";
import { announce, type MuteAsked } from "../room/events";
import { slot } from "../room/segment-element";

/** A host's request to turn the microphone off: one press does it, another lets it be. */
export class MuteAskedController extends Controller<HTMLElement> {
  show(event: MuteAsked): void {
    slot(this.element, "name").textContent = event.detail.name;
    this.element.hidden = false;
  }

  mute(): void {
    announce("microphone:silence");
    this.hide();
  }

  hide(): void {
    this.element.hidden = true;
  }
}
