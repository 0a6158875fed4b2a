import { newSegment, slot } from "../room/segment-element";
import { fillLine, type ReviewLine } from "./line";
import type { Transcript } from "./transcript";

const AT_ONCE = 150; // lines drawn before the page answers to keys again

/**
 * Draws the lines of a transcript. Thousands take seconds, so what is not near the current line comes in slices, between
 * which the page answers.
 */
export class LineList {
  private readonly elements = new Map<number, HTMLElement>();
  private waiting = new Map<number, ReviewLine>();
  private timer = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly transcript: Transcript,
  ) {}

  /** Lines that look different now, in their order; those around `current` come first. */
  show(lines: ReviewLine[], current: number | null): void {
    const at = lines.findIndex((line) => line.sequence === current);
    const first = lines.slice(Math.max(0, at - AT_ONCE / 2), Math.max(0, at) + AT_ONCE / 2);
    for (const line of lines) this.waiting.set(line.sequence, line);
    if (!this.timer || at >= 0) for (const line of first) this.draw(line);
    this.drawLater();
  }

  stop(): void {
    window.clearTimeout(this.timer);
  }

  /** The element of a line, drawn if it was not yet. */
  element(sequence: number): HTMLElement | undefined {
    const waiting = this.waiting.get(sequence);
    if (waiting) this.draw(waiting);
    return this.elements.get(sequence);
  }

  private drawLater(): void {
    if (this.timer || !this.waiting.size) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      for (const line of Array.from(this.waiting.values()).slice(0, AT_ONCE)) this.draw(line);
      this.drawLater();
    });
  }

  private draw(line: ReviewLine): void {
    this.waiting.delete(line.sequence);
    const known = this.elements.get(line.sequence);
    const element = known ?? newSegment(this.template);
    fillLine(element, line, this.transcript.speaker(line));
    slot(element, "overlap").hidden = !this.transcript.overlaps(line.sequence);
    if (known) return;
    this.elements.set(line.sequence, element);
    this.place(line, element);
  }

  /** After the nearest earlier line that is drawn. */
  private place(line: ReviewLine, element: HTMLElement): void {
    for (let at = this.transcript.place(line.sequence) - 1; at >= 0; at -= 1) {
      const earlier = this.elements.get(this.transcript.ordered[at]?.sequence ?? -1);
      if (!earlier) continue;
      earlier.after(element);
      return;
    }
    this.container.prepend(element);
  }
}
