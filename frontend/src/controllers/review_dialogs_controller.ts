import { Controller } from "@hotwired/stimulus";
import { historyItem, previewItem } from "../review/diff-element";
import { act } from "../review/keys";
import { ref } from "../review/line";
import { option } from "../review/option-element";
import { sampleItem } from "../review/sample-element";
import { after, type Replacement } from "../review/transcript";
import { slot } from "../room/segment-element";
import type { ReviewController } from "./review_controller";

const PREVIEWED = 100;
const SAMPLES = 3;

/** What a review asks in dialogs: who said a line, a speaker's name, find and replace, a reason; and what it tells there. */
export class ReviewDialogsController extends Controller<HTMLElement> {
  static outlets = ["review"];
  static targets = ["people", "preview", "recognised", "history", "change", "samples", "sample", "alike"];
  declare reviewOutlet: ReviewController;
  declare peopleTargets: HTMLSelectElement[];
  declare previewTarget: HTMLElement;
  declare recognisedTarget: HTMLElement;
  declare historyTarget: HTMLElement;
  declare changeTarget: HTMLTemplateElement;
  declare samplesTarget: HTMLElement;
  declare sampleTarget: HTMLTemplateElement;
  declare alikeTarget: HTMLButtonElement;

  pressed(event: KeyboardEvent): void {
    act(event, {
      s: () => this.askWho(),
      h: () => void this.showHistory(),
      r: () => this.open("replace"),
      "?": () => this.open("keys"),
    });
  }

  show(event: { params: { dialog: string } }): void {
    this.open(event.params.dialog);
  }

  close(event: Event): void {
    (event.target as Element).closest("dialog")?.close();
  }

  private open(name: string): void {
    this.offerPeople();
    if (name === "rename") this.who();
    this.element.querySelector<HTMLDialogElement>(`[data-dialog="${name}"]`)?.showModal();
  }

  // ── Speakers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private offerPeople(): void {
    const people = Array.from(this.transcript.people.values());
    for (const select of this.peopleTargets) {
      const chosen = select.value;
      select.replaceChildren(...people.map(({ id, name }) => option(id, name, id === chosen)));
    }
  }

  /** Of the current line, or of all that were chosen. */
  private askWho(): void {
    const { lines } = this.reviewOutlet;
    slot(this.element, "chosen").textContent = String(lines.length);
    if (lines.length) this.open("speaker");
  }

  async reassign(event: Event): Promise<void> {
    const { participant } = this.submitted(event);
    const lines = this.reviewOutlet.lines.map(ref);
    await this.session.change({ type: "reassign", lines, participant_id: participant });
  }

  /** What tells who it is that gets a name. */
  who(): void {
    const chosen = this.samplesTarget.closest("form")?.querySelector("select")?.value ?? "";
    const lines = this.transcript.longest(chosen, SAMPLES);
    this.samplesTarget.replaceChildren(...lines.map((line) => sampleItem(this.sampleTarget, line)));
    const { name, sounds_like } = this.transcript.people.get(chosen) ?? { name: "", sounds_like: "" };
    this.alikeTarget.hidden = !sounds_like || sounds_like === name;
    slot(this.alikeTarget, "alike").textContent = sounds_like;
  }

  takeName(): void {
    const name = this.alikeTarget.closest("form")?.elements.namedItem("name") as HTMLInputElement;
    name.value = slot(this.alikeTarget, "alike").textContent ?? "";
    name.focus();
  }

  async rename(event: Event): Promise<void> {
    const { participant = "", name = "" } = this.submitted(event);
    const was = this.transcript.people.get(participant)?.name;
    await this.session.change({ type: "rename", participant_id: participant, was, name: name.trim() });
  }

  // ── Find and replace ──────────────────────────────────────────────────────────────────────────────────────────────

  preview(event: Event): void {
    const form = (event.target as Element).closest("form") as HTMLFormElement;
    const wanted = replacement(fields(form));
    const found = this.transcript.found(wanted);
    slot(form, "matches").textContent = String(found.length);
    this.previewTarget.replaceChildren(
      ...found.slice(0, PREVIEWED).map((line) => previewItem(line.text, after(line, wanted))),
    );
  }

  async replace(event: Event): Promise<void> {
    const wanted = replacement(this.submitted(event));
    const lines = this.transcript.found(wanted).map(ref);
    const { find, replacement: text, matchCase } = wanted;
    if (!lines.length) return;
    await this.session.change({ type: "replace", lines, find, replacement: text, match_case: matchCase });
  }

  // ── Status and history ────────────────────────────────────────────────────────────────────────────────────────────

  async reopen(event: Event): Promise<void> {
    const { reason } = this.submitted(event);
    await this.session.change({ type: "status", was: "approved", status: "in_review", reason });
  }

  async showHistory(): Promise<void> {
    const line = this.reviewOutlet.line;
    const history = line && (await this.session.history(line.sequence));
    if (!history) return;
    this.recognisedTarget.textContent = history.recognised;
    this.historyTarget.replaceChildren(...history.changes.map((change) => historyItem(this.changeTarget, change)));
    this.open("history");
  }

  async takeBack(event: Event & { params: { operation: string } }): Promise<void> {
    this.close(event);
    await this.session.undo(event.params.operation);
  }

  private submitted(event: Event): Record<string, string> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    form.closest("dialog")?.close();
    return fields(form);
  }

  private get session() {
    return this.reviewOutlet.session;
  }

  private get transcript() {
    return this.session.transcript;
  }
}

function fields(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries(new FormData(form)) as Record<string, string>;
}

function replacement(values: Record<string, string>): Replacement {
  return { find: values.find ?? "", replacement: values.replacement ?? "", matchCase: "case" in values };
}
