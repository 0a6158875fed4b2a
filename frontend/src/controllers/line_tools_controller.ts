import { Controller } from "@hotwired/stimulus";
import { slot } from "../room/segment-element";

const LINE = '.segment[data-kind="speech"]:not(.is-being-fixed)';
const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowUp: (at) => Math.max(0, at - 1),
  ArrowDown: (at, last) => Math.min(last, at + 1),
  Home: () => 0,
  End: (_at, last) => last,
};

/** The buttons for a line, once for all lines: at the one under the pointer, or that the arrow keys choose. */
export class LineToolsController extends Controller<HTMLElement> {
  static targets = ["log", "tools", "fix", "chosen"];
  declare logTarget: HTMLElement;
  declare toolsTarget: HTMLElement;
  declare fixTarget: HTMLElement;
  /** Says the chosen line to those who do not see it. */
  declare chosenTarget: HTMLElement;
  private line: HTMLElement | null = null;
  /** The line that was acted on last: who comes back, comes back to it. */
  private left: HTMLElement | null = null;

  connect(): void {
    this.update();
  }

  update(): void {
    this.toolsTarget.hidden = this.logTarget.querySelector(LINE) === null;
  }

  /** Where the pointer is, unless the keyboard is at work. A finger's tap must not press what it makes appear. */
  point(event: PointerEvent): void {
    if (event.type === "pointerover" && event.pointerType === "touch") return;
    const target = event.target as Element;
    if (this.toolsTarget.contains(target) || this.hasFocus) return;
    const line = target.closest<HTMLElement>(LINE);
    this.choose(this.logTarget.contains(line) ? line : null);
  }

  /** The mouse went away; a finger that is lifted has chosen. */
  leave(event: PointerEvent): void {
    if (event.pointerType === "mouse" && !this.hasFocus) this.choose(null);
  }

  enter(): void {
    if (!this.line) this.say(this.left ?? this.lines().at(-1) ?? null);
    this.left = null;
  }

  exit(event: FocusEvent): void {
    if (!this.toolsTarget.contains(event.relatedTarget as Node | null)) this.choose(null);
  }

  step(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const lines = this.lines();
    if (!step || !this.line || lines.length === 0) return;
    event.preventDefault();
    this.say(lines[step(lines.indexOf(this.line), lines.length - 1)] ?? null);
    this.dispatch("held");
    this.line.scrollIntoView({ block: "nearest" });
  }

  fix(): void {
    this.pass("fix");
  }

  mark(): void {
    this.pass("mark");
  }

  /** The line's form is closed: back to where it was opened. */
  resume(event: Event): void {
    this.choose(event.target as HTMLElement);
    this.fixTarget.focus();
  }

  /** What is to be done is done by others, who hear of it from the line itself. */
  private pass(what: string): void {
    const line = this.line;
    this.choose(null);
    this.left = line;
    if (line) this.dispatch(what, { target: line });
  }

  private say(line: HTMLElement | null): void {
    this.choose(line);
    if (line) this.chosenTarget.textContent = `${slot(line, "name").textContent}: ${slot(line, "text").textContent}`;
  }

  private choose(line: HTMLElement | null): void {
    this.line?.classList.remove("is-chosen");
    this.line = line;
    this.chosenTarget.textContent = "";
    this.toolsTarget.classList.toggle("is-shown", line !== null);
    if (!line) return;
    line.classList.add("is-chosen");
    this.toolsTarget.style.top = `${line.offsetTop}px`;
    this.fixTarget.hidden = !line.matches(".is-mine, .edits-any *");
  }

  private get hasFocus(): boolean {
    return this.toolsTarget.contains(document.activeElement);
  }

  /** Those that can be seen and acted on. */
  private lines(): HTMLElement[] {
    return Array.from(this.logTarget.querySelectorAll<HTMLElement>(LINE)).filter((line) => line.checkVisibility());
  }
}
