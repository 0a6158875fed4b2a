import { type LineHistory, Refused, type ReviewData, type ReviewServer } from "./server";
import { type News, Transcript } from "./transcript";

/** A change as meetings/services/review.py takes it. */
export interface Command {
  type: string;
  [field: string]: unknown;
}

/** Who shows a session: what is new, and why something was not done ("" for nothing). */
export interface Shown {
  show(news: News): void;
  tell(problem: string): void;
}

/** The review of a meeting as the server keeps it: its lines, a page at a time, and the changes made from here. */
export class ReviewSession {
  readonly transcript = new Transcript();
  review = "";
  private newest: number | null = null;
  private unread: number | null = 0; // where the next page of lines begins
  private isReading = false;
  private reversals: Command[] = []; // of what was changed from here, the newest last
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly server: ReviewServer,
    private readonly shown: Shown,
  ) {}

  async refresh(): Promise<void> {
    try {
      if (this.newest !== null) this.take(await this.server.changedLines(this.newest));
      await this.readOn();
    } catch (error) {
      this.tell(error);
    }
  }

  /** True when the change was made; what everybody changed meanwhile is shown either way. */
  change(command: Command): Promise<boolean> {
    return this.inTurn(async () => {
      try {
        this.reversals.push(reversal(command, await this.send(command)));
        return true;
      } catch (error) {
        this.tell(error);
        return false;
      }
    });
  }

  /** A change that was made beside this page's own, and is the next to be taken back. */
  note(operation: string): void {
    this.reversals.push({ type: "undo", operation });
  }

  /** Takes back the last change made from here, or one of a line's history; false when there is nothing to take back. */
  undo(operation?: string): Promise<boolean> {
    return this.inTurn(async () => {
      const command = operation === undefined ? this.reversals.at(-1) : { type: "undo", operation };
      if (command) await this.takeBack(command);
      return command !== undefined;
    });
  }

  /** What the server did not do can be tried again, unless somebody changed the same since. */
  private async takeBack(command: Command): Promise<void> {
    try {
      await this.send(command);
      this.forget(command);
    } catch (error) {
      this.tell(error);
      if (error instanceof Refused && error.code.endsWith("_meanwhile")) this.forget(command);
    }
  }

  private forget(command: Command): void {
    this.reversals = this.reversals.filter((other) => other !== command && !isSameUndo(other, command));
  }

  /** Changes go to the server one after the other: what is taken back is what was done before. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async send(command: Command): Promise<string | null> {
    this.shown.tell("");
    try {
      return await this.server.change(command);
    } finally {
      await this.refresh();
    }
  }

  /** Undefined, and told why, when it cannot be had. */
  async history(sequence: number): Promise<LineHistory | undefined> {
    try {
      return await this.server.history(sequence);
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    this.shown.tell(error.message);
  }

  /** All lines, a page at a time: the first ones can be worked on while the others come. */
  private async readOn(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    try {
      while (this.unread !== null) {
        const page = await this.server.lines(this.unread);
        this.unread = page.next;
        this.take({ ...page, edit: this.newest ?? page.edit }); // what changed since the first page is still to be asked for
      }
    } finally {
      this.isReading = false;
    }
  }

  private take(data: ReviewData): void {
    const news = this.transcript.take(data);
    this.newest = Math.max(this.newest ?? 0, data.edit);
    this.review = data.review;
    this.shown.show(news);
  }
}

/** What takes a change back: the server's operation; a name and a status are changed to what they were. */
function reversal(command: Command, operation: string | null): Command {
  if (operation !== null) return { type: "undo", operation };
  const { type, participant_id, was, name, status } = command;
  return type === "rename" ? { type, participant_id, was: name, name: was } : { type, was: status, status: was };
}

function isSameUndo(one: Command, other: Command): boolean {
  return one.type === "undo" && other.type === "undo" && one.operation === other.operation;
}
