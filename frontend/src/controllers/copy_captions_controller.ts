import { Controller } from "@hotwired/stimulus";
import { slot } from "../room/segment-element";

const SHOWN_MS = 2_500;

/** Copies the captions on the page as plain text; where the page may not use the clipboard it selects them. */
export class CopyCaptionsController extends Controller<HTMLElement> {
  static targets = ["log", "copied", "selected"];
  declare logTarget: HTMLElement;
  declare copiedTarget: HTMLElement;
  declare selectedTarget: HTMLElement;

  async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.lines().join("\n"));
      this.say(this.copiedTarget);
    } catch {
      window.getSelection()?.selectAllChildren(this.logTarget);
      this.say(this.selectedTarget);
    }
  }

  private lines(): string[] {
    const shown = Array.from(this.logTarget.querySelectorAll<HTMLElement>(".segment:not([hidden], [data-copy])"));
    return shown.filter((line) => line.dataset.kind === "speech").map(lineOf);
  }

  private say(message: HTMLElement): void {
    message.hidden = false;
    window.setTimeout(() => {
      message.hidden = true;
    }, SHOWN_MS);
  }
}

function lineOf(line: HTMLElement): string {
  const [time, name, text] = ["time", "name", "text"].map((part) => slot(line, part).textContent ?? "");
  return `[${time}] ${name}: ${text}`;
}
