import { Controller } from "@hotwired/stimulus";
import type { AddMark, EditMark, Mark, MarkContent, MarkKind } from "../protocol";
import { sayDenied } from "../room/denied";
import { announce, type MarkComposed, type RoomChanged, type RoomDenied } from "../room/events";
import { FocusBefore } from "../room/focus";
import { newId } from "../room/ids";
import { fillMark, inOrder } from "../room/mark-element";
import { newSegment, slot } from "../room/segment-element";
import type { RoomStore } from "../room/store";

const NEAR_END_PX = 60;

/** The list of decisions, action items, notes and chat, and the form that adds to it. */
export class MarksController extends Controller<HTMLElement> {
  static targets = ["scroll", "list", "template", "empty", "form", "quote", "denied", "waiting", "count"];
  declare scrollTarget: HTMLElement;
  declare listTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare emptyTarget: HTMLElement;
  declare formTarget: HTMLFormElement;
  declare quoteTarget: HTMLElement;
  declare deniedTarget: HTMLElement;
  declare waitingTarget: HTMLElement;
  declare countTarget: HTMLElement;
  private readonly focus = new FocusBefore();
  private store: RoomStore | null = null;
  private readonly shown = new Map<string, number>();
  /** The caption that the form's mark will belong to. */
  private sequence: number | null = null;
  /** The mark that was made here last: it is shown also where it stands further back. */
  private added = "";
  /** The mark that the form changes; null while it makes a new one. */
  private edited: Mark | null = null;

  // ── The list ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The newest are in view, unless somebody looks further back. */
  update(event: RoomChanged): void {
    this.store = event.detail.store;
    const { scrollHeight, scrollTop, clientHeight } = this.scrollTarget;
    const follows = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    const marks = inOrder(this.store.marks.values());
    for (const mark of marks) if (this.shown.get(mark.id) !== mark.change) this.show(mark, marks);
    const standing = marks.filter((mark) => !mark.withdrawn).length;
    this.emptyTarget.hidden = marks.length > 0;
    this.countTarget.textContent = standing ? String(standing) : "";
    this.waitingTarget.hidden = !event.detail.marksWaiting;
    if (follows) this.scrollTarget.scrollTop = this.scrollTarget.scrollHeight;
  }

  private show(mark: Mark, all: Mark[]): void {
    this.shown.set(mark.id, mark.change);
    const known = this.item(mark.id);
    const item = known ?? newSegment(this.templateTarget);
    fillMark(item, mark);
    slot(item, "mine").hidden = !this.mayChange(mark);
    item.hidden = mark.withdrawn && !this.mayChange(mark);
    if (known) return;
    const next = all.slice(all.indexOf(mark) + 1).find((later) => this.item(later.id));
    this.listTarget.insertBefore(item, next ? this.item(next.id) : null);
    if (mark.id === this.added) item.scrollIntoView({ block: "nearest" });
  }

  private item(id: string): HTMLElement | null {
    return this.listTarget.querySelector(`[data-mark="${id}"]`);
  }

  private mayChange(mark: Mark): boolean {
    const you = this.store?.people.get(this.store.you);
    return mark.participant_id === this.store?.you || you?.role === "host";
  }

  withdraw(event: Event): void {
    this.change(event, { withdrawn: true });
  }

  restore(event: Event): void {
    this.change(event, { withdrawn: false });
  }

  edit(event: Event): void {
    const mark = this.markOf(event);
    if (!mark) return;
    this.edited = mark;
    this.fill(mark);
    this.quote(null);
    this.open();
  }

  private change(event: Event, change: Partial<EditMark>): void {
    const mark = this.markOf(event);
    if (mark) announce("mark:send", { request: { ...editOf(mark), ...change } });
  }

  private markOf(event: Event): Mark | undefined {
    const item = (event.target as Element).closest<HTMLElement>("[data-mark]");
    return this.store?.marks.get(item?.dataset.mark ?? "");
  }

  // ── The form ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Opens the form for a kind; except for chat the mark belongs to a caption, the newest one if none is said. */
  compose(event: MarkComposed): void {
    const { kind, sequence } = event.detail;
    const line = kind === "chat" ? null : captionOf(sequence);
    const text = line?.querySelector("[data-slot=text]")?.textContent ?? "";
    this.edited = null;
    this.fill({ kind, text: kind === "note" ? "" : text, owner: "", due: null });
    this.quote(line);
    this.open();
  }

  kindChanged(): void {
    this.formTarget.dataset.kind = this.kind;
  }

  unquote(): void {
    this.quote(null);
    this.field("text").focus();
  }

  keys(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key !== "Enter" || event.shiftKey || !(event.target instanceof HTMLTextAreaElement)) return;
    event.preventDefault();
    this.formTarget.requestSubmit();
  }

  cancel(event?: Event): void {
    if (event instanceof KeyboardEvent && event.isComposing) return;
    this.reset();
    this.element.classList.remove("is-open");
    this.cover();
    this.focus.restore();
  }

  /** Where the list lies over the captions as a sheet, what it covers is out of the way of keys and screen readers. */
  cover(): void {
    const covers = this.isOpen && getComputedStyle(this.element).position === "absolute";
    for (const covered of document.querySelectorAll<HTMLElement>(".captions, .people")) covered.inert = covers;
  }

  save(event: Event): void {
    event.preventDefault();
    const content = this.content();
    if (content.text === "") return;
    announce("mark:send", { request: this.edited ? { ...editOf(this.edited), ...content } : this.newMark(content) });
    this.reset();
  }

  private newMark(content: MarkContent): AddMark {
    this.added = newId();
    return { type: "mark", id: this.added, sequence: this.sequence, ...content };
  }

  denied(event: RoomDenied): void {
    const { about, code } = event.detail;
    if (about === undefined && code !== "too_many_marks") return;
    sayDenied(this.deniedTarget, code);
  }

  toggle(): void {
    if (this.isOpen) this.cancel();
    else this.open();
  }

  private get isOpen(): boolean {
    return this.element.classList.contains("is-open");
  }

  private open(): void {
    if (!this.element.contains(document.activeElement)) this.focus.keep();
    this.element.classList.add("is-open");
    this.cover();
    const text = this.field("text");
    text.focus();
    text.select();
  }

  private reset(): void {
    const kind = this.kind;
    this.edited = null;
    this.fill({ kind, text: "", owner: "", due: null });
    this.quote(null);
    this.deniedTarget.hidden = true;
  }

  private quote(line: Element | null): void {
    this.sequence = line ? Number((line as HTMLElement).dataset.sequence) : null;
    this.quoteTarget.hidden = line === null;
    if (!line) return;
    slot(this.quoteTarget, "name").textContent = line.querySelector("[data-slot=name]")?.textContent ?? "";
    slot(this.quoteTarget, "quote").textContent = line.querySelector("[data-slot=text]")?.textContent ?? "";
  }

  private fill(content: MarkContent): void {
    for (const choice of this.kinds()) choice.checked = choice.value === content.kind;
    this.field("text").value = content.text;
    this.field("owner").value = content.owner;
    this.field("due").value = content.due ?? "";
    this.formTarget.dataset.kind = content.kind;
    this.formTarget.classList.toggle("is-editing", this.edited !== null);
  }

  private content(): MarkContent {
    const kind = this.kind;
    const action = kind === "action";
    return {
      kind,
      text: this.field("text").value.trim(),
      owner: action ? this.field("owner").value.trim() : "",
      due: (action && this.field("due").value) || null,
    };
  }

  private get kind(): MarkKind {
    return (this.kinds().find((choice) => choice.checked)?.value ?? "chat") as MarkKind;
  }

  private kinds(): HTMLInputElement[] {
    return Array.from(this.formTarget.querySelectorAll<HTMLInputElement>("[name=kind]"));
  }

  private field(name: string): HTMLInputElement {
    return this.formTarget.elements.namedItem(name) as HTMLInputElement;
  }
}

function editOf(mark: Mark): EditMark {
  const { id, revision, kind, text, owner, due, withdrawn } = mark;
  return { type: "mark.edit", id, revision, kind, text, owner, due, withdrawn };
}

/** The spoken line with a sequence, or the newest. */
function captionOf(sequence: number | null): Element | null {
  const which = sequence === null ? "[data-sequence]" : `[data-sequence="${sequence}"]`;
  return Array.from(document.querySelectorAll(`.captions-log [data-kind="speech"]${which}`)).at(-1) ?? null;
}
