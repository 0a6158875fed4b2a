import { Controller } from "@hotwired/stimulus";
import { percent, shortTime } from "../operations/short-time";
import type { Latency } from "../protocol";
import type { RoomChanged } from "../room/events";

const WORTH_A_WARNING = 0.05; // of all captions later than the limit

/** How late captions are: a quiet figure, and the stages behind it. The texts are in templates/meetings/_latency.html. */
export class LatencyController extends Controller<HTMLElement> {
  static targets = ["figure", "row", "limit", "late"];
  declare figureTarget: HTMLElement;
  declare rowTargets: HTMLElement[];
  declare limitTarget: HTMLElement;
  declare lateTarget: HTMLElement;

  update(event: RoomChanged): void {
    const { status, ended } = event.detail.store;
    const latency = ended === "no" && status?.transcriber === "ready" ? status.latency : undefined;
    this.element.hidden = latency === undefined;
    if (latency) this.show(latency);
  }

  private show(latency: Latency): void {
    const whole = latency.stages.find(({ stage }) => stage === "caption");
    write(this.figureTarget, shortTime(whole?.p50_ms ?? 0));
    write(this.limitTarget, shortTime(latency.limit_ms));
    write(this.lateTarget, percent(latency.late));
    this.element.classList.toggle("is-late", latency.late > WORTH_A_WARNING);
    for (const row of this.rowTargets) this.fill(row, latency, whole?.p95_ms ?? 0);
  }

  private fill(row: HTMLElement, latency: Latency, longestMs: number): void {
    const found = latency.stages.find(({ stage }) => stage === row.dataset.stage);
    row.hidden = found === undefined;
    if (!found) return;
    const [typical, slow] = row.querySelectorAll("td");
    if (typical) write(typical, shortTime(found.p50_ms));
    if (slow) write(slow, shortTime(found.p95_ms));
    row.style.setProperty("--share", String(Math.min(1, found.p50_ms / Math.max(1, longestMs))));
  }
}

function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
