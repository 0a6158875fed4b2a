import { Controller } from "@hotwired/stimulus";

const SHOWN_MS = 2_500;

/** Copies a text and says so; where the page may not use the clipboard it shows the text, selected. */
export class CopyController extends Controller<HTMLElement> {
  static targets = ["label", "done", "field"];
  static values = { text: String };
  declare labelTarget: HTMLElement;
  declare doneTarget: HTMLElement;
  declare fieldTarget: HTMLInputElement;
  declare textValue: string;

  async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.textValue);
    } catch {
      this.fieldTarget.hidden = false;
      this.fieldTarget.select();
      return;
    }
    this.showDone(true);
    window.setTimeout(() => this.showDone(false), SHOWN_MS);
  }

  private showDone(done: boolean): void {
    this.labelTarget.hidden = done;
    this.doneTarget.hidden = !done;
  }
}
