import { Controller } from "@hotwired/stimulus";
import { historyItem, previewItem } from "../review/diff-element";
import { fillLine, inOrder, isUncertain, overlapping, type Person, type ReviewLine, replaced } from "../review/line";
import { Refused, type ReviewData, ReviewServer } from "../review/server";
import { newSegment, slot } from "../room/segment-element";

const POLL_MS = 3_000;
const PREVIEWED = 100;

/** The review of a transcript: one line is current; keys and buttons act on it. */
export class ReviewController extends Controller<HTMLElement> {
  static targets = [..."lines template form facts statuses notice matches preview recognised history".split(" ")];
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
  declare urlValue: string;
  private server!: ReviewServer;
  private readonly lines = new Map<number, ReviewLine>();
  private readonly elements = new Map<number, HTMLElement>();
  private ordered: ReviewLine[] = [];
  private people = new Map<string, Person>();
  private newest: number | null = null;
  private review = "";
  private current: number | null = null;
  private readonly done: string[] = [];
  private editor: { form: HTMLFormElement; revision: number; sequence: number } | null = null;
  private timer = 0;

  async connect(): Promise<void> {
    const token = this.element.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    this.server = new ReviewServer(this.urlValue, token);
    this.timer = window.setInterval(() => this.refresh(), POLL_MS);
    await this.refresh();
  }

  disconnect(): void {
    window.clearInterval(this.timer);
  }

  private async refresh(): Promise<void> {
    try {
      this.take(await this.server.lines(this.newest));
    } catch (error) {
      this.tell(error);
    }
  }

  // ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────

  private take(data: ReviewData): void {
    const named = JSON.stringify(data.people) !== JSON.stringify(Array.from(this.people.values()));
    const news = data.lines.filter((line) => line.revision !== this.lines.get(line.sequence)?.revision);
    this.newest = data.edit;
    this.people = new Map(data.people.map((person) => [person.id, person]));
    for (const line of news) this.lines.set(line.sequence, line);
    if (named) this.showPeople();
    for (const line of named ? this.lines.values() : news) this.showLine(line);
    if (news.length) this.arrange();
    this.showStatus(data.review);
  }

  private showLine(line: ReviewLine): void {
    const known = this.elements.get(line.sequence);
    const element = known ?? newSegment(this.templateTarget);
    fillLine(element, line, this.people.get(line.participant_id));
    this.elements.set(line.sequence, element);
    if (this.editor?.sequence === line.sequence) this.showConflict(line);
  }

  private arrange(): void {
    this.ordered = inOrder(this.lines.values());
    const overlaps = overlapping(this.ordered);
    let place: Element | null = this.linesTarget.firstElementChild;
    for (const { sequence } of this.ordered) {
      const element = this.elements.get(sequence) as HTMLElement;
      slot(element, "overlap").hidden = !overlaps.has(sequence);
      if (element === place) place = place.nextElementSibling;
      else this.linesTarget.insertBefore(element, place);
    }
    const speech = this.ordered.filter((line) => line.kind === "speech" && !line.hidden);
    slot(this.factsTarget, "uncertain").textContent = String(speech.filter(isUncertain).length);
    slot(this.factsTarget, "reviewed").textContent = String(speech.filter((line) => line.reviewed).length);
    slot(this.factsTarget, "all").textContent = String(speech.length);
  }

  private showPeople(): void {
    for (const select of this.element.querySelectorAll<HTMLSelectElement>("[data-people]")) {
      select.replaceChildren(...Array.from(this.people.values(), (person) => new Option(person.name, person.id)));
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
    const from = this.ordered.findIndex((line) => line.sequence === this.current) + 1;
    const next = [...this.ordered.slice(from), ...this.ordered.slice(0, from)].find(isUncertain);
    if (next) this.go(next.sequence);
  }

  private step(by: 1 | -1): void {
    const shown = this.ordered.filter((line) => this.elements.get(line.sequence)?.offsetParent !== null);
    const at = shown.findIndex((line) => line.sequence === this.current);
    const next = shown[at < 0 ? 0 : at + by];
    if (next) this.go(next.sequence);
  }

  private go(sequence: number, scroll = true): void {
    if (this.current !== null) this.elements.get(this.current)?.classList.remove("is-current");
    this.current = sequence;
    const element = this.elements.get(sequence);
    element?.classList.add("is-current");
    element?.focus({ preventScroll: true });
    if (scroll) element?.scrollIntoView({ block: "center" });
  }

  private get line(): ReviewLine | undefined {
    return this.current === null ? undefined : this.lines.get(this.current);
  }

  pressed(event: KeyboardEvent): void {
    if (event.target instanceof HTMLTextAreaElement) this.typed(event);
    const busy = event.target instanceof Element && event.target.closest("input, select, textarea, dialog, button, a");
    if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
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
    else this.editor?.form.requestSubmit();
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
    const next = this.ordered
      .slice(line ? this.ordered.indexOf(line) + 1 : 0)
      .find((other) => other.participant_id === line?.participant_id && !other.hidden && other.kind === "speech");
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
    const form = newSegment(this.formTarget) as HTMLFormElement;
    this.editor = { form, revision: line.revision, sequence: line.sequence };
    const element = this.elements.get(line.sequence) as HTMLElement;
    element.classList.add("is-being-fixed");
    element.append(form);
    this.text.value = line.text;
    this.text.focus();
  }

  cancel(): void {
    const editor = this.editor;
    if (!editor) return;
    this.editor = null;
    editor.form.remove();
    const element = this.elements.get(editor.sequence);
    element?.classList.remove("is-being-fixed");
    element?.focus({ preventScroll: true });
  }

  async save(event: Event): Promise<void> {
    event.preventDefault();
    await this.saved({ type: "edit", text: this.text.value });
  }

  async split(): Promise<void> {
    const { value, selectionStart } = this.text;
    await this.saved({ type: "split", first: value.slice(0, selectionStart), second: value.slice(selectionStart) });
  }

  private async saved(command: Command): Promise<void> {
    if (!this.editor) return;
    const { sequence, revision } = this.editor;
    if (await this.change({ ...command, line: { sequence, revision } })) this.cancel();
  }

  private showConflict(line: ReviewLine): void {
    if (!this.editor || line.revision <= this.editor.revision) return;
    this.editor.revision = line.revision;
    slot(this.editor.form, "theirs").textContent = line.text;
    slot(this.editor.form, "conflict").hidden = false;
  }

  private get text(): HTMLTextAreaElement {
    return this.editor?.form.elements.namedItem("text") as HTMLTextAreaElement;
  }

  // ── Dialogs ───────────────────────────────────────────────────────────────────────────────────────────────────────

  show(event: { params: { dialog: string } }): void {
    this.dialog(event.params.dialog);
  }

  private dialog(name: string): void {
    this.element.querySelector<HTMLDialogElement>(`[data-dialog="${name}"]`)?.showModal();
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
    const was = this.people.get(participant)?.name;
    await this.change({ type: "rename", participant_id: participant, was, name });
  }

  preview(event: Event): void {
    const form = (event.target as Element).closest("form") as HTMLFormElement;
    const values = Object.fromEntries(new FormData(form)) as Record<string, string>;
    const found = this.found(values);
    this.matchesTarget.textContent = String(found.length);
    this.previewTarget.replaceChildren(
      ...found.slice(0, PREVIEWED).map((line) => previewItem(line.text, after(line.text, values))),
    );
  }

  async replace(event: Event): Promise<void> {
    const values = this.submitted(event);
    const { find, replacement } = values;
    const lines = this.found(values).map(ref);
    if (lines.length) {
      await this.change({ type: "replace", lines, find, replacement, match_case: "case" in values });
    }
  }

  private found(values: Record<string, string>): ReviewLine[] {
    if (!values.find) return [];
    return this.ordered.filter(
      (line) => !line.hidden && line.kind === "speech" && after(line.text, values) !== line.text,
    );
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

function after(text: string, values: Record<string, string>): string {
  return replaced(text, values.find ?? "", values.replacement ?? "", "case" in values);
}
