import { Controller } from "@hotwired/stimulus";
import { FocusBefore } from "../room/focus";
import {
  applyReading,
  choiceNames,
  LARGE_TYPE,
  type Reading,
  type ReadingChoice,
  savedReading,
  saveReading,
} from "../room/reading";

/** How captions look for this reader, and the view that shows nothing else. Sits on the page's whole content. */
export class ReadingController extends Controller<HTMLElement> {
  static targets = ["choice"];
  declare choiceTargets: HTMLInputElement[];
  private readonly focus = new FocusBefore();
  private reading!: Reading;

  connect(): void {
    this.reading = savedReading(window.localStorage, window.location.search);
    this.show();
  }

  disconnect(): void {
    this.setLarge(false);
  }

  choose(event: Event): void {
    const { name, value } = event.target as HTMLInputElement;
    if (!isChoice(name)) return;
    this.reading = { ...this.reading, [name]: value };
    saveReading(window.localStorage, this.reading);
    this.show();
  }

  /** Captions over the whole window, or back. */
  toggleLarge(): void {
    this.setLarge(!document.documentElement.hasAttribute(LARGE_TYPE));
  }

  leaveLarge(): void {
    if (!document.querySelector("dialog[open]")) this.setLarge(false);
  }

  /** What had the focus may be hidden now: then the way back has it. */
  private setLarge(large: boolean): void {
    const back = document.querySelector<HTMLElement>(".large-type-leave");
    document.documentElement.toggleAttribute(LARGE_TYPE, large);
    if (large && !document.activeElement?.checkVisibility()) {
      this.focus.keep();
      back?.focus();
    } else if (!large && document.activeElement === back) this.focus.restore();
  }

  private show(): void {
    applyReading(document.documentElement, this.reading);
    for (const choice of this.choiceTargets) {
      choice.checked = isChoice(choice.name) && this.reading[choice.name] === choice.value;
    }
  }
}

function isChoice(name: string): name is ReadingChoice {
  return (choiceNames as string[]).includes(name);
}
