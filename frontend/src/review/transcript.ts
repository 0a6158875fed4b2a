import { inOrder, isUncertain, overlapping, type Person, type ReviewLine, replaced, written } from "./line";
import type { ReviewData } from "./server";

/** What somebody typed into "Find and replace". */
export interface Replacement {
  find: string;
  replacement: string;
  matchCase: boolean;
}

/** What taking in the server's lines changed: which lines look different now. */
export interface News {
  lines: ReviewLine[];
  people: boolean;
}

/** The lines of a meeting as the server last said them, in the order they were spoken. */
export class Transcript {
  private readonly lines = new Map<number, ReviewLine>();
  private overlapped = new Set<number>();
  private places = new Map<number, number>();
  ordered: ReviewLine[] = [];
  people = new Map<string, Person>();

  take(data: ReviewData): News {
    const people = JSON.stringify(data.people) !== JSON.stringify(Array.from(this.people.values()));
    const changed = data.lines.filter((line) => line.revision > (this.lines.get(line.sequence)?.revision ?? -1));
    this.people = new Map(data.people.map((person) => [person.id, person]));
    if (!changed.length) return { lines: people ? this.ordered : [], people };
    for (const line of changed) this.lines.set(line.sequence, line);
    this.ordered = inOrder(this.lines.values());
    this.places = new Map(this.ordered.map((line, at) => [line.sequence, at]));
    const touched = new Set(changed.map((line) => line.sequence));
    for (const sequence of this.overlapsChanged()) touched.add(sequence);
    return { lines: people ? this.ordered : this.ordered.filter((line) => touched.has(line.sequence)), people };
  }

  private overlapsChanged(): number[] {
    const before = this.overlapped;
    this.overlapped = overlapping(this.ordered);
    const now = this.overlapped;
    return [...before, ...now].filter((sequence) => before.has(sequence) !== now.has(sequence));
  }

  line(sequence: number | null): ReviewLine | undefined {
    return sequence === null ? undefined : this.lines.get(sequence);
  }

  overlaps(sequence: number): boolean {
    return this.overlapped.has(sequence);
  }

  speaker(line: ReviewLine): Person | undefined {
    return this.people.get(line.participant_id);
  }

  counts(): { all: number; uncertain: number; reviewed: number } {
    const speech = this.ordered.filter((line) => line.kind === "speech" && !line.hidden);
    const reviewed = speech.filter((line) => line.reviewed).length;
    return { all: speech.length, uncertain: speech.filter(isUncertain).length, reviewed };
  }

  /** The next uncertain line, beginning again at the top after the last one. */
  nextUncertain(from: number | null): ReviewLine | undefined {
    const at = this.place(from) + 1;
    return this.ordered.slice(at).find(isUncertain) ?? this.ordered.slice(0, at).find(isUncertain);
  }

  /** The line before (-1) or after (1) another, among those that are shown; the first one where there is none. */
  neighbour(of: number | null, by: 1 | -1, withHidden: boolean): ReviewLine | undefined {
    const shown = this.ordered.filter((line) => withHidden || !line.hidden || line.sequence === of);
    const at = shown.findIndex((line) => line.sequence === of);
    return shown[at < 0 ? 0 : at + by];
  }

  /** The lines from one to another, in either order, that are not hidden. */
  between(one: number, other: number): ReviewLine[] {
    const [from = 0, to = 0] = [this.place(one), this.place(other)].sort((a, b) => a - b);
    return this.ordered.slice(Math.max(0, from), to + 1).filter((line) => !line.hidden);
  }

  /** What the same speaker says next. */
  continuation(line: ReviewLine): ReviewLine | undefined {
    return this.ordered
      .slice(this.place(line.sequence) + 1)
      .find((other) => other.participant_id === line.participant_id && !other.hidden && other.kind === "speech");
  }

  /** What somebody said at the greatest length, in the order it was said. */
  longest(personId: string, count: number): ReviewLine[] {
    return this.ordered
      .filter((line) => line.participant_id === personId && line.kind === "speech" && !line.hidden)
      .sort((one, other) => other.end_ms - other.start_ms - (one.end_ms - one.start_ms))
      .slice(0, count)
      .sort((one, other) => one.start_ms - other.start_ms);
  }

  /** The lines in which something is written. */
  containing(find: string): ReviewLine[] {
    return this.ordered.filter((line) => !line.hidden && written(line.text, find).length > 0);
  }

  /** The lines that a replacement changes. */
  found(wanted: Replacement): ReviewLine[] {
    if (!wanted.find) return [];
    return this.ordered.filter((line) => !line.hidden && line.kind === "speech" && after(line, wanted) !== line.text);
  }

  /** Where in `ordered` a line stands, -1 for none. */
  place(sequence: number | null): number {
    return this.places.get(sequence ?? -1) ?? -1;
  }
}

/** The text of a line once it is replaced. */
export function after(line: ReviewLine, { find, replacement, matchCase }: Replacement): string {
  return replaced(line.text, find, replacement, matchCase);
}
