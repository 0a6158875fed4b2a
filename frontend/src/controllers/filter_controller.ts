import { Controller } from "@hotwired/stimulus";
import { slot } from "../room/segment-element";

/** Narrows a transcript to the lines that contain what is typed, in the text or the speaker's name. */
export class FilterController extends Controller<HTMLElement> {
  static targets = ["query", "count"];
  declare queryTarget: HTMLInputElement;
  declare countTarget: HTMLElement;

  apply(): void {
    const wanted = folded(this.queryTarget.value.trim());
    const lines = Array.from(this.element.querySelectorAll<HTMLElement>(".segment"));
    for (const line of lines) line.hidden = !folded(said(line)).includes(wanted);
    this.element.classList.toggle("is-filtered", wanted !== "");
    this.countTarget.hidden = wanted === "";
    slot(this.countTarget, "shown").textContent = String(lines.filter((line) => !line.hidden).length);
    slot(this.countTarget, "all").textContent = String(lines.length);
  }
}

/** The speaker and the words: a line has more, much of it hidden. */
function said(line: HTMLElement): string {
  const slots = line.querySelectorAll('[data-slot="name"], [data-slot="text"]');
  return Array.from(slots, (slot) => slot.textContent).join(" ");
}

/** Without case and accents, so that "resume" finds "Résumé". */
function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}
