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
  private readonly done: string[] = [];

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
  async change(command: Command): Promise<boolean> {
    this.shown.tell("");
    try {
      const operation = await this.server.change(command);
      if (operation) this.done.push(operation);
      return true;
    } catch (error) {
      this.tell(error);
      return false;
    } finally {
      await this.refresh();
    }
  }

  async undo(): Promise<void> {
    const operation = this.done.pop();
    if (operation) await this.change({ type: "undo", operation });
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
