import { Controller } from "@hotwired/stimulus";
import { historyItem, previewItem } from "../review/diff-element";
import type { ReviewLine } from "../review/line";
import { LineEditor } from "../review/line-editor";
import { LineList } from "../review/line-list";
import { sampleItem } from "../review/sample-element";
import { Refused, type ReviewData, ReviewServer } from "../review/server";
import { after, type Replacement, Transcript } from "../review/transcript";
import { isTurnedOff } from "../room/letter-keys";
import { slot } from "../room/segment-element";

const POLL_MS = 3_000;
const PREVIEWED = 100;
const SAMPLES = 3;

/** The review of a transcript: one line is current; keys and buttons act on it. */
export class ReviewController extends Controller<HTMLElement> {
  static targets = [
    ..."lines template form facts statuses notice matches preview recognised history samples sample".split(" "),
  ];
  static values = { url: String };
  declare linesTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare formTarget: HTMLTemplateElement;
  declare factsTarget: HTMLElement;
  declare statusesTarget: HTMLElement;
  declare noticeTarget: HTMLElement;
  declare matchesTarget: HTMLElement;
  declare previewTarget: HTMLElement;
  declare recognisedTarget: HTMLElement;
  declare historyTarget: HTMLElement;
  declare samplesTarget: HTMLElement;
  declare sampleTarget: HTMLTemplateElement;
  declare urlValue: string;
  private server!: ReviewServer;
  private readonly transcript = new Transcript();
  private list!: LineList;
  private newest: number | null = null;
  private review = "";
  private current: number | null = null;
  private readonly done: string[] = [];
  private editor: LineEditor | null = null;
  private timer = 0;
  private unread: number | null = 0; // where the next page of lines begins
  private isReading = false;

  async connect(): Promise<void> {
    const token = this.element.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    this.server = new ReviewServer(this.urlValue, token);
    this.list = new LineList(this.linesTarget, this.templateTarget, this.transcript);
    this.timer = window.setInterval(() => this.refresh(), POLL_MS);
    await this.refresh();
    this.followAddress();
  }

  disconnect(): void {
    window.clearInterval(this.timer);
    this.list.stop();
  }

  private async refresh(): Promise<void> {
    try {
      if (this.newest !== null) this.take(await this.server.changedLines(this.newest));
      await this.readOn();
    } catch (error) {
      this.tell(error);
    }
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

  /** A link leads to a line by its number: "#s12". */
  private followAddress(): void {
    const sequence = Number(/^#s(\d+)$/.exec(location.hash)?.[1]);
    if (this.transcript.line(sequence)) this.go(sequence);
  }

  // ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────

  private take(data: ReviewData): void {
    const news = this.transcript.take(data);
    this.newest = Math.max(this.newest ?? 0, data.edit);
    if (news.people) this.showPeople();
    this.list.show(news.lines, this.current);
    const edited = this.transcript.line(this.editor?.sequence ?? null);
    if (edited) this.editor?.showConflict(edited);
    this.showCounts();
    this.showStatus(data.review);
  }

  private showCounts(): void {
    for (const [name, count] of Object.entries(this.transcript.counts())) {
      slot(this.factsTarget, name).textContent = String(count);
    }
  }

  private showPeople(): void {
    const people = Array.from(this.transcript.people.values());
    for (const select of this.element.querySelectorAll<HTMLSelectElement>("[data-people]")) {
      select.replaceChildren(...people.map((person) => new Option(person.name, person.id)));
    }
  }

  private showStatus(review: string): void {
    this.review = review;
    this.element.classList.toggle("is-approved", review === "approved");
    for (const part of this.statusesTarget.querySelectorAll<HTMLElement>("[data-review], [data-from]")) {
      part.hidden = (part.dataset.review ?? part.dataset.from) !== review;
    }
  }

  private tell(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    this.noticeTarget.textContent = error.message;
    this.noticeTarget.hidden = false;
  }

  showHidden(event: Event): void {
    this.linesTarget.classList.toggle("shows-hidden", (event.target as HTMLInputElement).checked);
  }

  // ── The current line ──────────────────────────────────────────────────────────────────────────────────────────────

  choose(event: Event): void {
    const line = (event.target as Element).closest<HTMLElement>("[data-sequence]");
    if (line && !(event.target as Element).closest("form")) this.go(Number(line.dataset.sequence), false);
  }

  nextUncertain(): void {
    const next = this.transcript.nextUncertain(this.current);
    if (next) this.go(next.sequence);
  }

  private step(by: 1 | -1): void {
    const withHidden = this.linesTarget.classList.contains("shows-hidden");
    const next = this.transcript.neighbour(this.current, by, withHidden);
    if (next) this.go(next.sequence);
  }

  private go(sequence: number, scroll = true): void {
    if (this.current !== null) this.list.element(this.current)?.classList.remove("is-current");
    this.current = sequence;
    const element = this.list.element(sequence);
    element?.classList.add("is-current");
    element?.focus({ preventScroll: true });
    if (scroll) element?.scrollIntoView({ block: "center" });
  }

  private get line(): ReviewLine | undefined {
    return this.transcript.line(this.current);
  }

  pressed(event: KeyboardEvent): void {
    if (event.target instanceof HTMLTextAreaElement) this.typed(event);
    const busy = event.target instanceof Element && event.target.closest("input, select, textarea, dialog, button, a");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || isTurnedOff(event)) return;
    const actions: Record<string, () => void> = {
      j: () => this.step(1),
      k: () => this.step(-1),
      n: () => this.nextUncertain(),
      a: () => void this.accept(),
      e: () => this.edit(),
      Enter: () => this.edit(),
      m: () => void this.merge(),
      s: () => this.line && this.dialog("speaker"),
      x: () => void this.hide(),
      h: () => void this.showHistory(),
      r: () => this.dialog("replace"),
      u: () => void this.undo(),
      "?": () => this.dialog("keys"),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  private typed(event: KeyboardEvent): void {
    if (event.key === "Escape") this.cancel();
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    event.preventDefault();
    if (event.ctrlKey) void this.split();
    else this.editor?.submit();
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when the change was made; what everybody changed meanwhile is shown either way. */
  private async change(command: Command): Promise<boolean> {
    this.noticeTarget.hidden = true;
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

  async accept(): Promise<void> {
    if (!this.line || this.line.kind === "gap") return;
    if (await this.change({ type: "accept", line: ref(this.line), reviewed: true })) this.nextUncertain();
  }

  async hide(): Promise<void> {
    const line = this.line;
    if (line) await this.change({ type: "hide", line: ref(line), hidden: !line.hidden });
  }

  async merge(): Promise<void> {
    const line = this.line;
    const next = line && this.transcript.continuation(line);
    if (line && next) await this.change({ type: "merge", first: ref(line), second: ref(next) });
  }

  async undo(): Promise<void> {
    const operation = this.done.pop();
    if (operation) await this.change({ type: "undo", operation });
  }

  // ── Editing a line ────────────────────────────────────────────────────────────────────────────────────────────────

  edit(): void {
    const line = this.line;
    if (!line || line.kind === "gap" || this.editor?.sequence === line.sequence || this.review === "approved") return;
    this.cancel();
    const element = this.list.element(line.sequence);
    if (element) this.editor = new LineEditor(this.formTarget, element, line);
  }

  cancel(): void {
    this.editor?.close();
    this.editor = null;
  }

  async save(event: Event): Promise<void> {
    event.preventDefault();
    if (this.editor) await this.saved({ type: "edit", line: this.editor.line, text: this.editor.text });
  }

  async split(): Promise<void> {
    if (this.editor) await this.saved({ type: "split", line: this.editor.line, ...this.editor.halves });
  }

  private async saved(command: Command): Promise<void> {
    if (await this.change(command)) this.cancel();
  }

  // ── Dialogs ───────────────────────────────────────────────────────────────────────────────────────────────────────

  show(event: { params: { dialog: string } }): void {
    this.dialog(event.params.dialog);
  }

  private dialog(name: string): void {
    if (name === "rename") this.samples();
    this.element.querySelector<HTMLDialogElement>(`[data-dialog="${name}"]`)?.showModal();
  }

  /** What tells who it is that gets a name. */
  samples(): void {
    const chosen = this.samplesTarget.closest("form")?.querySelector<HTMLSelectElement>("[data-people]");
    const lines = this.transcript.longest(chosen?.value ?? "", SAMPLES);
    this.samplesTarget.replaceChildren(...lines.map((line) => sampleItem(this.sampleTarget, line)));
  }

  close(event: Event): void {
    (event.target as Element).closest("dialog")?.close();
  }

  async reassign(event: Event): Promise<void> {
    const values = this.submitted(event);
    if (this.line) await this.change({ type: "reassign", lines: [ref(this.line)], participant_id: values.participant });
  }

  async rename(event: Event): Promise<void> {
    const { participant = "", name } = this.submitted(event);
    const was = this.transcript.people.get(participant)?.name;
    await this.change({ type: "rename", participant_id: participant, was, name });
  }

  preview(event: Event): void {
    const form = (event.target as Element).closest("form") as HTMLFormElement;
    const wanted = replacement(Object.fromEntries(new FormData(form)) as Record<string, string>);
    const found = this.transcript.found(wanted);
    this.matchesTarget.textContent = String(found.length);
    this.previewTarget.replaceChildren(
      ...found.slice(0, PREVIEWED).map((line) => previewItem(line.text, after(line, wanted))),
    );
  }

  async replace(event: Event): Promise<void> {
    const wanted = replacement(this.submitted(event));
    const lines = this.transcript.found(wanted).map(ref);
    const { find, replacement: text, matchCase } = wanted;
    if (lines.length) await this.change({ type: "replace", lines, find, replacement: text, match_case: matchCase });
  }

  async status(event: Event): Promise<void> {
    const { from, to } = (event.currentTarget as HTMLElement).dataset;
    await this.change({ type: "status", was: from, status: to });
  }

  async reopen(event: Event): Promise<void> {
    const { reason } = this.submitted(event);
    await this.change({ type: "status", was: "approved", status: "in_review", reason });
  }

  async showHistory(): Promise<void> {
    if (!this.line) return;
    const history = await this.server.history(this.line.sequence).catch((error) => this.tell(error));
    if (!history) return;
    this.recognisedTarget.textContent = history.recognised;
    this.historyTarget.replaceChildren(...history.changes.map(historyItem));
    this.dialog("history");
  }

  private submitted(event: Event): Record<string, string> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    form.closest("dialog")?.close();
    return Object.fromEntries(new FormData(form)) as Record<string, string>;
  }
}

interface Command {
  type: string;
  [field: string]: unknown;
}

function ref({ sequence, revision }: ReviewLine): { sequence: number; revision: number } {
  return { sequence, revision };
}

function replacement(values: Record<string, string>): Replacement {
  return { find: values.find ?? "", replacement: values.replacement ?? "", matchCase: "case" in values };
}
