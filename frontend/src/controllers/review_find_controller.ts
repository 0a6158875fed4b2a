import { Controller } from "@hotwired/stimulus";
import { act } from "../review/keys";
import { type ReviewLine, written } from "../review/line";
import { rangeOf } from "../review/text-place";
import { slot } from "../room/segment-element";
import type { ReviewController } from "./review_controller";

const HIGHLIGHT = "found";

/** Finding in a transcript under review: leads from line to line while the field keeps the keyboard. */
export class ReviewFindController extends Controller<HTMLElement> {
  static outlets = ["review"];
  static targets = ["query", "count"];
  declare reviewOutlet: ReviewController;
  declare queryTarget: HTMLInputElement;
  declare countTarget: HTMLElement;
  private found: ReviewLine | undefined;
  private shown: HTMLElement | undefined;

  pressed(event: KeyboardEvent): void {
    act(event, { "/": () => this.queryTarget.focus() });
  }

  /** From the current line on, it included. */
  look(): void {
    this.goTo(this.place(this.reviewOutlet.line) - 1, 1);
  }

  next(): void {
    this.goTo(this.place(this.found), 1);
  }

  previous(): void {
    this.goTo(this.place(this.found), -1);
  }

  /** The line that was found becomes the current one. */
  close(): void {
    const line = this.found ?? this.reviewOutlet.line;
    this.queryTarget.value = "";
    this.look();
    this.queryTarget.blur();
    if (line) this.reviewOutlet.go(line.sequence);
  }

  /** The nearest line beyond a place that has the words, around the end. */
  private goTo(from: number, by: 1 | -1): void {
    const words = this.queryTarget.value;
    const hits = this.reviewOutlet.session.transcript.containing(words);
    const beyond = hits.filter((line) => (this.place(line) - from) * by > 0);
    const hit = by === 1 ? (beyond[0] ?? hits[0]) : (beyond.at(-1) ?? hits.at(-1));
    this.countTarget.hidden = words === "";
    slot(this.countTarget, "shown").textContent = String(hit ? hits.indexOf(hit) + 1 : 0);
    slot(this.countTarget, "all").textContent = String(hits.length);
    this.show(hit, words);
  }

  private show(hit: ReviewLine | undefined, words: string): void {
    this.shown?.classList.remove("is-found");
    this.found = hit;
    this.shown = hit && this.reviewOutlet.reveal(hit.sequence);
    this.shown?.classList.add("is-found");
    const text = this.shown && slot(this.shown, "text");
    const places = hit && text ? written(hit.text, words).map(([from, to]) => rangeOf(text, from, to)) : [];
    const ranges = places.filter((range) => range !== null);
    if ("highlights" in CSS) CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
  }

  private place(line: ReviewLine | undefined): number {
    return this.reviewOutlet.session.transcript.place(line?.sequence ?? null);
  }
}
