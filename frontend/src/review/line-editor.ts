import { newSegment, slot } from "../room/segment-element";
import type { ReviewLine } from "./line";

/** The form in which one line is changed, inside that line's element. */
export class LineEditor {
  readonly sequence: number;
  private revision: number;
  private readonly form: HTMLFormElement;

  constructor(
    template: HTMLTemplateElement,
    private readonly element: HTMLElement,
    line: ReviewLine,
  ) {
    this.sequence = line.sequence;
    this.revision = line.revision;
    this.form = newSegment(template) as HTMLFormElement;
    element.classList.add("is-being-fixed");
    element.append(this.form);
    this.box.value = line.text;
    this.box.focus();
  }

  /** What the change is made to: the line as it was last shown here. */
  get line(): { sequence: number; revision: number } {
    return { sequence: this.sequence, revision: this.revision };
  }

  get text(): string {
    return this.box.value;
  }

  /** The text before and after the cursor. */
  get halves(): { first: string; second: string } {
    const { value, selectionStart } = this.box;
    return { first: value.slice(0, selectionStart), second: value.slice(selectionStart) };
  }

  submit(): void {
    this.form.requestSubmit();
  }

  /** Somebody else changed the line: say what it reads now; saving again puts this text in its place. */
  showConflict(line: ReviewLine): void {
    if (line.revision <= this.revision) return;
    this.revision = line.revision;
    slot(this.form, "theirs").textContent = line.text;
    slot(this.form, "conflict").hidden = false;
  }

  close(): void {
    this.form.remove();
    this.element.classList.remove("is-being-fixed");
    this.element.focus({ preventScroll: true });
  }

  private get box(): HTMLTextAreaElement {
    return this.form.elements.namedItem("text") as HTMLTextAreaElement;
  }
}
