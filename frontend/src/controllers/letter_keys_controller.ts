import { Controller } from "@hotwired/stimulus";
import { letLettersAct, lettersAct } from "../room/letter-keys";

/** The switch beside the listed keys: whether those of one character act; remembered for all pages. */
export class LetterKeysController extends Controller<HTMLInputElement> {
  connect(): void {
    this.element.checked = lettersAct();
  }

  choose(): void {
    letLettersAct(this.element.checked);
  }
}
