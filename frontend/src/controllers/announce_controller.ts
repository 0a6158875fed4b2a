import { Controller } from "@hotwired/stimulus";
import { announce } from "../room/events";

/** A button that tells the page's other controllers something. */
export class AnnounceController extends Controller<HTMLElement> {
  static values = { name: String };
  declare nameValue: string;

  say(): void {
    announce(this.nameValue);
  }
}
