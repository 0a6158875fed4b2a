import { Controller } from "@hotwired/stimulus";
import { announce } from "../room/events";

/** Keys of the room: m for the microphone, ? for the list of shortcuts. */
export class ShortcutsController extends Controller<HTMLElement> {
  pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (event.key === "m") this.dispatch("microphone");
    if (event.key === "?") announce("shortcuts:help");
    if (event.key === "l") announce("shortcuts:large-type");
    if (event.key === "Escape") announce("shortcuts:back");
    if (event.key === "j") announce("shortcuts:live");
    if (event.key === "/") {
      event.preventDefault(); // the key would be typed into the field that opens
      announce("shortcuts:find");
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}
