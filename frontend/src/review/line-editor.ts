import { newSegment, slot } from "../room/segment-element";
import { type LineRef, type ReviewLine, ref } from "./line";
import type { Command } from "./session";

/** The form in which one line is changed, inside that line's element. */
export class LineEditor {
  private line: LineRef; // as it was last shown here
  private readonly written: string; // what the line said when it was opened
  private readonly form: HTMLFormElement;

  constructor(
    template: HTMLTemplateElement,
    private readonly element: HTMLElement,
    line: ReviewLine,
  ) {
    this.line = ref(line);
    this.written = line.text;
    this.form = newSegment(template) as HTMLFormElement;
    element.classList.add("is-being-fixed");
    element.append(this.form);
    this.box.value = line.text;
    this.box.focus();
  }

  get sequence(): number {
    return this.line.sequence;
  }

  get isChanged(): boolean {
    return this.box.value !== this.written;
  }

  get isInConflict(): boolean {
    return !slot(this.form, "conflict").hidden;
  }

  get edit(): Command {
    return { type: "edit", line: this.line, text: this.box.value };
  }

  /** Parts the text at the cursor. */
  get split(): Command {
    const { value, selectionStart } = this.box;
    return {
      type: "split",
      line: this.line,
      first: value.slice(0, selectionStart),
      second: value.slice(selectionStart),
    };
  }

  /** Nobody writes on while the text is on its way. */
  get isSent(): boolean {
    return this.box.readOnly;
  }

  set isSent(sent: boolean) {
    this.box.readOnly = sent;
  }

  submit(): void {
    this.form.requestSubmit();
  }

  /** Somebody else changed the line: say what it reads now; saving again puts this text in its place. */
  showConflict(line: ReviewLine): void {
    if (line.revision <= this.line.revision) return;
    this.line = ref(line);
    slot(this.form, "theirs").textContent = line.text;
    slot(this.form, "conflict").hidden = false;
  }

  close(): void {
    const hadFocus = this.form.contains(document.activeElement);
    this.form.remove();
    this.element.classList.remove("is-being-fixed");
    if (hadFocus) this.element.focus({ preventScroll: true });
  }

  private get box(): HTMLTextAreaElement {
    return this.form.elements.namedItem("text") as HTMLTextAreaElement;
  }
}
