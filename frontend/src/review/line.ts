import { clock } from "../room/clock";
import { slot } from "../room/segment-element";

/** A line as meetings/services/review_lines.py says it. */
export interface ReviewLine {
  sequence: number;
  revision: number;
  kind: "speech" | "gap";
  participant_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  /** Where doubtful words stand in `text`, from and to. */
  doubts: [number, number][];
  language: string;
  direction: "ltr" | "rtl";
  confidence: number;
  hidden: boolean;
  reviewed: boolean;
}

/** A line as it is shown here: who changed it meanwhile is not overwritten. */
export interface LineRef {
  sequence: number;
  revision: number;
}

export interface Person {
  id: string;
  name: string;
  color: number;
  /** The name of somebody whose voice is known; empty where there is none. */
  sounds_like: string;
}

export function ref({ sequence, revision }: ReviewLine): LineRef {
  return { sequence, revision };
}

export function isUncertain(line: ReviewLine): boolean {
  return line.kind === "speech" && !line.hidden && !line.reviewed && line.doubts.length > 0;
}

export function inOrder(lines: Iterable<ReviewLine>): ReviewLine[] {
  return Array.from(lines).sort((a, b) => a.start_ms - b.start_ms || a.sequence - b.sequence);
}

/** Sequences of the lines during which somebody else speaks; `lines` are in order. */
export function overlapping(lines: ReviewLine[]): Set<number> {
  const found = new Set<number>();
  let open: ReviewLine[] = [];
  for (const line of lines) {
    if (line.kind === "gap" || line.hidden) continue;
    open = open.filter((earlier) => earlier.end_ms > line.start_ms);
    for (const earlier of open) {
      if (earlier.participant_id === line.participant_id) continue;
      found.add(earlier.sequence);
      found.add(line.sequence);
    }
    open.push(line);
  }
  return found;
}

/** Fills an element made from the template of `templates/meetings/review.html`. */
export function fillLine(element: HTMLElement, line: ReviewLine, person: Person | undefined): void {
  Object.assign(element.dataset, {
    sequence: String(line.sequence),
    start: String(line.start_ms),
    kind: line.kind,
    color: String(person?.color ?? 0),
  });
  element.classList.toggle("is-uncertain", isUncertain(line));
  element.classList.toggle("is-hidden", line.hidden);
  slot(element, "time").textContent = clock(line.start_ms);
  slot(element, "name").textContent = person?.name ?? "";
  slot(element, "seconds").textContent = ((line.end_ms - line.start_ms) / 1_000).toFixed(1);
  const speech = line.kind === "speech";
  slot(element, "confidence").textContent = speech ? `${Math.round(line.confidence * 100)} %` : "";
  slot(element, "language").textContent = line.language;
  slot(element, "gap").hidden = speech;
  slot(element, "edited").hidden = line.revision === 0;
  slot(element, "hidden").hidden = !line.hidden;
  slot(element, "reviewed").hidden = !line.reviewed;
  fillText(slot(element, "text"), line);
}

function fillText(text: HTMLElement, line: ReviewLine): void {
  text.dir = line.direction;
  if (line.language) text.lang = line.language;
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const [from, to] of line.doubts) {
    const doubt = document.createElement("mark");
    doubt.textContent = line.text.slice(from, to);
    parts.push(line.text.slice(at, from), doubt);
    at = to;
  }
  text.replaceChildren(...parts, line.text.slice(at));
}

/** As meetings/services/review.py replaces. */
export function replaced(text: string, find: string, replacement: string, matchCase: boolean): string {
  return text.replace(literally(find, matchCase), () => replacement);
}

/** Where something is written in a text, from and to, whatever its case. */
export function written(text: string, find: string): [number, number][] {
  const matches = find ? text.matchAll(literally(find, false)) : [];
  return Array.from(matches, ({ index, 0: { length } }) => [index, index + length]);
}

function literally(find: string, matchCase: boolean): RegExp {
  return new RegExp(find.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), matchCase ? "gu" : "giu");
}
