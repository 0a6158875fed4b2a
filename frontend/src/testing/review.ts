import { vi } from "vitest";
import { ReviewController } from "../controllers/review_controller";
import { ReviewDialogsController } from "../controllers/review_dialogs_controller";
import { ReviewFindController } from "../controllers/review_find_controller";
import type { ReviewLine } from "../review/line";
import type { LineHistory } from "../review/server";
import type { Command } from "../review/session";
import { ADA, BOB } from "./lines";
import { find, settled, show, template } from "./page";

interface Refusal {
  code: string;
  message: string;
}

/** The server of a review: it keeps the lines, and notes what it was asked to change. */
export class FakeReview {
  lines: ReviewLine[] = [];
  people = [ADA, BOB];
  review = "draft";
  history: LineHistory = { recognised: "", changes: [] };
  /** What the next changes are answered with, once they may be; the lines' text is changed by those that are not refused. */
  refuse: Refusal | "unreachable" | null = null;
  held: Promise<void> = Promise.resolve();
  readonly asked: Command[] = [];
  private edit = 0;

  /** Somebody changes a line. */
  say(sequence: number, more: Partial<ReviewLine>): void {
    this.lines = this.lines.map((old) =>
      old.sequence === sequence ? { ...old, revision: old.revision + 1, ...more } : old,
    );
    this.edit += 1;
  }

  async fetch(path: string, init?: RequestInit): Promise<Response> {
    if (path.startsWith("history")) return Response.json(this.history);
    if (path === "change") return this.change(JSON.parse(String(init?.body)));
    const { edit, review, people, lines } = this;
    return Response.json({ edit, review, people, lines, next: null });
  }

  private async change(command: Command): Promise<Response> {
    this.asked.push(command);
    await this.held;
    if (this.refuse === "unreachable") throw new TypeError("offline");
    if (this.refuse) return Response.json(this.refuse, { status: 409 });
    const { line: edited, text } = command as { line?: ReviewLine; text?: string };
    if (edited && text) this.say(edited.sequence, { text });
    const hasOperation = command.type !== "rename" && command.type !== "status";
    return Response.json({ operation: hasOperation ? `operation ${this.asked.length}` : null });
  }
}

/** The review page on a server with these lines. */
export async function showReview(lines: ReviewLine[]): Promise<FakeReview> {
  const server = new FakeReview();
  server.lines = lines;
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => server.fetch(path, init));
  const page = document.createElement("div");
  page.innerHTML = template("meetings/review.html");
  page.querySelector(".review")?.insertAdjacentHTML("beforeend", template("meetings/_review_dialogs.html"));
  await show(page.innerHTML, {
    review: ReviewController,
    "review-dialogs": ReviewDialogsController,
    "review-find": ReviewFindController,
  });
  await settled();
  return server;
}

export async function press(key: string, target: Element = document.body, ctrlKey = false): Promise<void> {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true }));
  await settled();
}

/** Opens a line for editing as a double click does. */
export async function openLine(sequence: number): Promise<void> {
  const text = find(`[data-sequence="${sequence}"] .segment-text`);
  text.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  text.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await settled();
}
