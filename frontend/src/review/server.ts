import type { Person, ReviewLine } from "./line";

export interface ReviewData {
  edit: number;
  review: string;
  people: Person[];
  lines: ReviewLine[];
  /** Where the next page of lines begins; null when these are the last. */
  next: number | null;
}

export interface LineHistory {
  recognised: string;
  changes: LineChange[];
}

export interface LineChange {
  /** What takes it back; null for what cannot be taken back any more. */
  operation: string | null;
  what: string;
  author: string;
  at: string;
  diff: Difference;
}

export type Difference = ["same" | "gone" | "new", string][];

/** A change that was not made; `code` is the server's, "unreachable" when there was no answer. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The JSON of meetings/views/review.py. */
export class ReviewServer {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** A page of lines in the order they were spoken, from the given place on. */
  lines(from: number): Promise<ReviewData> {
    return this.ask(`lines?from=${from}`) as Promise<ReviewData>;
  }

  /** What changed since the given number of a change. */
  changedLines(after: number): Promise<ReviewData> {
    return this.ask(`lines?after=${after}`) as Promise<ReviewData>;
  }

  history(sequence: number): Promise<LineHistory> {
    return this.ask(`history?line=${sequence}`) as Promise<LineHistory>;
  }

  /** Returns the operation that an undo takes back; throws Refused. */
  async change(command: object): Promise<string | null> {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.token };
    const answer = await this.ask("change", { method: "POST", headers, body: JSON.stringify(command) });
    return (answer as { operation: string | null }).operation;
  }

  private async ask(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`, init).catch(() => null);
    if (!answer) throw new Refused("unreachable", "The server cannot be reached. Nothing was changed.");
    if (answer.ok) return answer.json();
    const { code, message } = answer.status < 500 ? await refusal(answer) : { code: "", message: answer.statusText };
    throw new Refused(code, message);
  }
}

async function refusal(answer: Response): Promise<{ code: string; message: string }> {
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  return isJson ? answer.json() : { code: String(answer.status), message: answer.statusText };
}
