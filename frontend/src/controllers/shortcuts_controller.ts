import { Controller } from "@hotwired/stimulus";
import type { MarkKind } from "../protocol";
import { announce } from "../room/events";
import { isTurnedOff } from "../room/letter-keys";
import { LARGE_TYPE } from "../room/reading";

const MARK_KEYS: Record<string, MarkKind> = { d: "decision", a: "action", n: "note", c: "chat" };

const UNSEEN_IN_LARGE_TYPE = ["/", "v", ...Object.keys(MARK_KEYS)];

/** Keys of the room; templates/meetings/_room_dialogs.html lists them. */
export class ShortcutsController extends Controller<HTMLElement> {
  pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (isTurnedOff(event) || isUnseen(event)) return;
    if (event.key === "m") this.dispatch("microphone");
    if (event.key === "v") announce("shortcuts:camera");
    if (event.key === "h") announce("shortcuts:hand");
    if (event.key === "?") announce("shortcuts:help");
    if (event.key === "l") announce("shortcuts:large-type");
    if (event.key === "Escape") announce("shortcuts:back");
    if (event.key === "j") announce("shortcuts:live");
    if (event.key === "/") {
      event.preventDefault(); // the key would be typed into the field that opens
      announce("shortcuts:find");
    }
    if (event.key === "e") {
      event.preventDefault();
      announce("shortcuts:fix");
    }
    const kind = MARK_KEYS[event.key];
    if (!kind) return;
    event.preventDefault(); // the letter would be typed into the form that opens
    announce("mark:compose", { kind, sequence: null });
  }
}

/** What would open or change where captions fill the window. */
function isUnseen(event: KeyboardEvent): boolean {
  return document.documentElement.hasAttribute(LARGE_TYPE) && UNSEEN_IN_LARGE_TYPE.includes(event.key);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}
