import { Controller } from "@hotwired/stimulus";
import { diffParts } from "../review/diff-element";
import { option } from "../review/option-element";
import type { Difference } from "../review/server";
import { clock } from "../room/clock";

const EVERY_MS = 2_000;

interface Suggestion {
  sequence: number;
  start_ms: number;
  participant_id: string;
  name: string;
  diff: Difference;
}

interface State {
  stage: "" | "waiting" | "listening" | "done" | "failed";
  says: string;
  percent: number;
  reason: string;
  unplaced: number;
  count: number;
  suggestions: Suggestion[];
}

/** The second pass: begun here, followed while it goes on, and taken by line, by speaker or as a whole. */
export class SecondPassController extends Controller<HTMLElement> {
  static targets = [
    "dialog",
    "begin",
    "progress",
    "bar",
    "says",
    "count",
    "none",
    "list",
    "item",
    "who",
    "undo",
    "problem",
  ];
  static values = { url: String };
  declare dialogTarget: HTMLDialogElement;
  declare beginTarget: HTMLButtonElement;
  declare progressTarget: HTMLElement;
  declare barTarget: HTMLProgressElement;
  declare saysTarget: HTMLElement;
  declare countTargets: HTMLElement[];
  declare noneTarget: HTMLElement;
  declare listTarget: HTMLElement;
  declare itemTarget: HTMLTemplateElement;
  declare whoTarget: HTMLSelectElement;
  declare undoTarget: HTMLButtonElement;
  declare problemTarget: HTMLElement;
  declare urlValue: string;
  private readonly taken: string[] = [];
  private timer = 0;

  connect(): void {
    void this.look();
  }

  disconnect(): void {
    window.clearTimeout(this.timer);
  }

  open(): void {
    this.dialogTarget.showModal();
    void this.look();
  }

  async begin(): Promise<void> {
    await this.send("begin", {});
    await this.look();
  }

  async takeLine(event: Event): Promise<void> {
    const item = (event.target as Element).closest<HTMLElement>("[data-line]");
    await this.take({ sequences: [Number(item?.dataset.line)] });
  }

  async takeSpeaker(): Promise<void> {
    await this.take({ participant_id: this.whoTarget.value });
  }

  async takeAll(): Promise<void> {
    await this.take({});
  }

  async undo(): Promise<void> {
    const operation = this.taken.pop();
    if (operation) await this.send("../change", { type: "undo", operation });
    await this.look();
  }

  private async take(which: object): Promise<void> {
    const answer = await this.send("take", which);
    if (answer?.operation) {
      this.taken.push(answer.operation);
      this.dispatch("taken", { detail: answer.operation });
    }
    await this.look();
  }

  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    const answer = await fetch(this.urlValue).catch(() => undefined);
    if (answer?.ok) this.show((await answer.json()) as State);
  }

  private show(state: State): void {
    const busy = state.stage === "waiting" || state.stage === "listening";
    this.beginTarget.hidden = busy;
    this.progressTarget.hidden = !busy;
    this.barTarget.value = state.percent;
    this.saysTarget.textContent = state.stage === "failed" ? `${state.says}: ${state.reason}` : state.says;
    for (const count of this.countTargets) count.textContent = state.stage ? String(state.count) : "";
    this.noneTarget.hidden = state.stage !== "done" || state.count > 0;
    this.undoTarget.hidden = this.taken.length === 0;
    this.element.classList.toggle("has-suggestions", state.count > 0);
    this.showSpeakers(state.suggestions);
    this.listTarget.replaceChildren(...state.suggestions.map((suggestion) => this.item(suggestion)));
    if (busy) this.timer = window.setTimeout(() => void this.look(), EVERY_MS);
  }

  private showSpeakers(suggestions: Suggestion[]): void {
    const chosen = this.whoTarget.value;
    const people = new Map(suggestions.map(({ participant_id, name }) => [participant_id, name]));
    this.whoTarget.replaceChildren(...Array.from(people, ([id, name]) => option(id, name, id === chosen)));
  }

  private item(suggestion: Suggestion): HTMLElement {
    const item = this.itemTarget.content.firstElementChild?.cloneNode(true) as HTMLElement;
    item.dataset.line = String(suggestion.sequence);
    const head = item.querySelector(".second-pass-who") as HTMLElement;
    head.textContent = `${clock(suggestion.start_ms)} ${suggestion.name}`;
    item.querySelector(".second-pass-diff")?.replaceChildren(...diffParts(suggestion.diff));
    return item;
  }

  private async send(path: string, body: object): Promise<{ operation?: string } | null> {
    const token = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const address = new URL(path, new URL(`${this.urlValue}/`, location.href));
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
    this.problemTarget.hidden = answer?.ok === true;
    if (answer?.ok) return answer.json();
    this.problemTarget.textContent = (await reasonOf(answer)) ?? this.problemTarget.dataset.unreachable ?? "";
    return null;
  }
}

async function reasonOf(answer: Response | null): Promise<string | null> {
  if (!answer?.headers.get("Content-Type")?.includes("json")) return null;
  return (await answer.json()).message;
}
