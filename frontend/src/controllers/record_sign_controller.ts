import { Controller } from "@hotwired/stimulus";
import type { RecordChanged } from "../room/events";

/** Says for as long as it lasts that nothing is transcribed. */
export class RecordSignController extends Controller<HTMLElement> {
  static targets = ["sign"];
  declare signTarget: HTMLElement;

  show(event: RecordChanged): void {
    this.signTarget.hidden = !event.detail.off;
  }
}
