import { Controller } from "@hotwired/stimulus";
import type { CaptionFinal, EditSegment } from "../protocol";
import { sayDenied } from "../room/denied";
import { announce, type LinkChanged, type RoomChanged, type RoomDenied } from "../room/events";
import { newSegment, slot } from "../room/segment-element";

/** Corrects a line where it stands: one's own, a host any. The form stays until the room shows the correction. */
export class LineEditController extends Controller<HTMLElement> {
  static targets = ["log", "template"];
  static values = { you: String, any: Boolean };
  declare logTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare youValue: string;
  declare anyValue: boolean;
  private line: HTMLElement | null = null;
  private form: HTMLFormElement | null = null;
  private revision = 0;
  private sent: EditSegment | null = null;

  connect(): void {
    this.element.classList.toggle("edits-any", this.anyValue);
    for (const line of this.logTarget.querySelectorAll<HTMLElement>("[data-sequence]")) this.tell(line);
  }

  update(event: RoomChanged): void {
    const { final } = event.detail;
    if (!final) return;
    const line = this.logTarget.querySelector<HTMLElement>(`[data-sequence="${final.sequence}"]`);
    if (line) this.tell(line);
    if (line && line === this.line) this.changed(final);
  }

  open(event: Event): void {
    const line = (event.target as Element).closest<HTMLElement>('[data-sequence][data-kind="speech"]');
    if (line && this.mayFix(line)) this.edit(line);
  }

  fixNewest(): void {
    const lines = Array.from(this.logTarget.querySelectorAll<HTMLElement>('.is-mine[data-kind="speech"]'));
    const newest = lines.at(-1);
    if (newest) this.edit(newest);
  }

  enter(event: KeyboardEvent): void {
    if (event.isComposing || event.shiftKey) return;
    event.preventDefault();
    this.form?.requestSubmit();
  }

  save(event: Event): void {
    event.preventDefault();
    if (!this.line) return;
    const text = this.text.value.trim().split(/\s+/).join(" ");
    if (text === slot(this.line, "text").textContent) this.cancel();
    else this.send(this.line, text);
  }

  private send(line: HTMLElement, text: string): void {
    this.sent = { type: "segment.edit", sequence: Number(line.dataset.sequence), revision: this.revision, text };
    announce("line:send", this.sent);
  }

  cancel(event?: Event): void {
    event?.stopPropagation();
    const line = this.line;
    this.close();
    if (line) this.dispatch("closed", { target: line });
  }

  denied(event: RoomDenied): void {
    const { about, code } = event.detail;
    if (!this.form || about !== this.line?.dataset.sequence) return;
    this.sent = null;
    if (code === "line_changed_meanwhile") return; // the change itself shows
    sayDenied(slot(this.form, "denied"), code);
  }

  /** What was on its way when the connection broke is said again. */
  link(event: LinkChanged): void {
    if (event.detail.link === "connected" && this.sent) announce("line:send", this.sent);
  }

  private tell(line: HTMLElement): void {
    line.classList.toggle("is-mine", line.dataset.participant === this.youValue);
  }

  private mayFix(line: HTMLElement): boolean {
    const over = this.element.closest(".is-over") !== null;
    return !over && line !== this.line && (this.anyValue || line.dataset.participant === this.youValue);
  }

  private edit(line: HTMLElement): void {
    this.close();
    this.line = line;
    this.revision = Number(line.dataset.revision);
    this.form = newSegment(this.templateTarget) as HTMLFormElement;
    line.classList.add("is-being-fixed");
    line.append(this.form);
    this.text.value = slot(line, "text").textContent ?? "";
    this.text.focus();
  }

  /** Somebody changed the line that is being corrected: perhaps we did. */
  private changed(final: CaptionFinal): void {
    if (!this.form || final.revision <= this.revision) return;
    this.revision = final.revision;
    if (final.text === this.sent?.text) this.cancel();
    else this.showConflict(this.form, final.text);
  }

  private showConflict(form: HTMLElement, theirs: string): void {
    slot(form, "theirs").textContent = theirs;
    slot(form, "conflict").hidden = false;
  }

  private close(): void {
    this.form?.remove();
    this.line?.classList.remove("is-being-fixed");
    this.line = this.form = this.sent = null;
  }

  private get text(): HTMLTextAreaElement {
    return this.form?.elements.namedItem("text") as HTMLTextAreaElement;
  }
}
