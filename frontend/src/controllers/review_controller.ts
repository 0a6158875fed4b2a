import { Controller } from "@hotwired/stimulus";
import { act } from "../review/keys";
import { type ReviewLine, ref } from "../review/line";
import { LineEditor } from "../review/line-editor";
import { LineList } from "../review/line-list";
import { ReviewServer } from "../review/server";
import { type Command, ReviewSession } from "../review/session";
import type { News } from "../review/transcript";
import { slot } from "../room/segment-element";

const POLL_MS = 3_000;

/** The review of a transcript: one line is current; keys and buttons act on it. */
export class ReviewController extends Controller<HTMLElement> {
  static targets = ["lines", "template", "form", "facts", "statuses", "notice"];
  static values = { url: String };
  declare linesTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare formTarget: HTMLTemplateElement;
  declare factsTarget: HTMLElement;
  declare statusesTarget: HTMLElement;
  declare noticeTarget: HTMLElement;
  declare urlValue: string;
  session!: ReviewSession;
  private list!: LineList;
  private current: number | null = null;
  private readonly chosen = new Set<number>(); // several lines at once, the current one among them; else empty
  private editor: LineEditor | null = null;
  private timer = 0;

  async connect(): Promise<void> {
    const token = this.element.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    this.session = new ReviewSession(new ReviewServer(this.urlValue, token), {
      show: (news) => this.showNews(news),
      tell: (problem) => this.tell(problem),
    });
    this.list = new LineList(this.linesTarget, this.templateTarget, this.session.transcript);
    this.timer = window.setInterval(() => this.session.refresh(), POLL_MS);
    await this.session.refresh();
    this.followAddress();
  }

  disconnect(): void {
    window.clearInterval(this.timer);
    this.list.stop();
  }

  /** The page goes away while something is written that is not saved: the browser asks first. */
  leave(event: BeforeUnloadEvent): void {
    if (this.editor?.isChanged) event.preventDefault();
  }

  /** A link leads to a line by its number: "#s12". */
  private followAddress(): void {
    const sequence = Number(/^#s(\d+)$/.exec(location.hash)?.[1]);
    if (this.session.transcript.line(sequence)) this.go(sequence);
  }

  // ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────

  private showNews(news: News): void {
    this.list.show(news.lines, this.current);
    const edited = this.session.transcript.line(this.editor?.sequence ?? null);
    if (edited) this.editor?.showConflict(edited);
    this.showCounts();
    this.showStatus(this.session.review);
  }

  private showCounts(): void {
    for (const [name, count] of Object.entries(this.session.transcript.counts())) {
      slot(this.factsTarget, name).textContent = String(count);
    }
  }

  private showStatus(review: string): void {
    this.element.classList.toggle("is-approved", review === "approved");
    for (const part of this.statusesTarget.querySelectorAll<HTMLElement>("[data-review], [data-from]")) {
      part.hidden = (part.dataset.review ?? part.dataset.from) !== review;
    }
  }

  private tell(problem: string): void {
    this.noticeTarget.textContent = problem;
    this.noticeTarget.hidden = !problem;
  }

  showHidden(event: Event): void {
    this.linesTarget.classList.toggle("shows-hidden", (event.target as HTMLInputElement).checked);
  }

  // ── The current line ──────────────────────────────────────────────────────────────────────────────────────────────

  choose(event: MouseEvent): void {
    const line = (event.target as Element).closest<HTMLElement>("[data-sequence]");
    if (!line || (event.target as Element).closest("form")) return;
    const sequence = Number(line.dataset.sequence);
    if (event.shiftKey) this.extend(sequence);
    else this.go(sequence, false);
  }

  nextUncertain(): void {
    const next = this.session.transcript.nextUncertain(this.current);
    if (next) this.go(next.sequence);
  }

  private step(by: 1 | -1): void {
    const next = this.neighbour(by);
    if (next) this.go(next.sequence);
  }

  private neighbour(by: 1 | -1): ReviewLine | undefined {
    const withHidden = this.linesTarget.classList.contains("shows-hidden");
    return this.session.transcript.neighbour(this.current, by, withHidden);
  }

  /** Chooses the lines from the current one to another, which becomes the current one. */
  private extend(to: number): void {
    const lines = this.session.transcript.between(this.current ?? to, to);
    const chosen = [...this.chosen, ...lines.map(({ sequence }) => sequence)];
    this.go(to, false);
    for (const sequence of chosen) {
      this.chosen.add(sequence);
      this.list.element(sequence)?.classList.add("is-chosen");
    }
    getSelection()?.removeAllRanges(); // pressing Shift marks text, too
  }

  go(sequence: number, scroll = true): void {
    for (const other of this.chosen) this.list.element(other)?.classList.remove("is-chosen");
    this.chosen.clear();
    if (this.current !== null) this.list.element(this.current)?.classList.remove("is-current");
    this.current = sequence;
    const element = this.list.element(sequence);
    element?.classList.add("is-current");
    element?.focus({ preventScroll: true });
    if (scroll) this.reveal(sequence);
  }

  /** A line's element, brought to the middle of the window. */
  reveal(sequence: number): HTMLElement | undefined {
    const element = this.list.element(sequence);
    element?.scrollIntoView({ block: "center" });
    return element;
  }

  get line(): ReviewLine | undefined {
    return this.session.transcript.line(this.current);
  }

  /** The current line, or all that were chosen. */
  get lines(): ReviewLine[] {
    const sequences = this.chosen.size ? [...this.chosen] : [this.current];
    return sequences.flatMap((sequence) => this.session.transcript.line(sequence) ?? []);
  }

  pressed(event: KeyboardEvent): void {
    if (event.target instanceof HTMLTextAreaElement) this.typed(event);
    act(event, {
      j: () => this.step(1),
      k: () => this.step(-1),
      J: () => this.extend(this.neighbour(1)?.sequence ?? this.current ?? 0),
      K: () => this.extend(this.neighbour(-1)?.sequence ?? this.current ?? 0),
      n: () => this.nextUncertain(),
      a: () => void this.accept(),
      e: () => void this.edit(),
      Enter: () => void this.edit(),
      m: () => void this.merge(),
      x: () => void this.hide(),
      u: () => void this.undo(),
    });
  }

  private typed(event: KeyboardEvent): void {
    if (event.key === "Escape") this.cancel();
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    event.preventDefault();
    if (event.ctrlKey) void this.split();
    else this.editor?.submit();
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async accept(): Promise<void> {
    if (!this.line || this.line.kind === "gap") return;
    if (await this.session.change({ type: "accept", line: ref(this.line), reviewed: true })) this.nextUncertain();
  }

  async hide(): Promise<void> {
    const line = this.line;
    if (line) await this.session.change({ type: "hide", line: ref(line), hidden: !line.hidden });
  }

  async merge(): Promise<void> {
    const line = this.line;
    const next = line && this.session.transcript.continuation(line);
    if (line && next) await this.session.change({ type: "merge", first: ref(line), second: ref(next) });
  }

  async undo(): Promise<void> {
    if (!(await this.session.undo())) this.tell(this.noticeTarget.dataset.nothing ?? "");
  }

  /** The second pass changed lines: that is what is taken back first. */
  taken(event: CustomEvent<string>): void {
    this.session.note(event.detail);
  }

  async status(event: Event): Promise<void> {
    const { from, to } = (event.currentTarget as HTMLElement).dataset;
    await this.session.change({ type: "status", was: from, status: to });
  }

  // ── Editing a line ────────────────────────────────────────────────────────────────────────────────────────────────

  async edit(): Promise<void> {
    const line = this.line;
    if (!line || line.kind === "gap" || this.editor?.sequence === line.sequence) return;
    if (this.session.review === "approved" || !(await this.finish())) return;
    const element = this.list.element(line.sequence);
    if (element)
      this.editor = new LineEditor(this.formTarget, element, this.session.transcript.line(line.sequence) ?? line);
  }

  cancel(): void {
    if (this.editor) this.close(this.editor);
  }

  async save(event: Event): Promise<void> {
    event.preventDefault();
    if (this.editor) await this.saved(this.editor, this.editor.edit);
  }

  async split(): Promise<void> {
    if (this.editor) await this.saved(this.editor, this.editor.split);
  }

  /** What is written in a line is saved before another is opened; false when it has to stay open. */
  private async finish(): Promise<boolean> {
    const editor = this.editor;
    if (!editor?.isChanged) {
      this.cancel();
      return true;
    }
    if (!editor.isInConflict && (await this.saved(editor, editor.edit))) return true;
    this.go(editor.sequence);
    return false;
  }

  private async saved(editor: LineEditor, command: Command): Promise<boolean> {
    if (editor.isSent) return false;
    editor.isSent = true;
    const saved = await this.session.change(command);
    editor.isSent = false;
    if (saved) this.close(editor);
    return saved;
  }

  private close(editor: LineEditor): void {
    editor.close();
    if (this.editor === editor) this.editor = null;
  }
}
