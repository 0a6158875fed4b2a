import { Controller } from "@hotwired/stimulus";
import type { CaptionFinal } from "../protocol";
import { duration } from "../room/clock";
import type { LinkChanged, RoomChanged } from "../room/events";
import { fillFinal, fillPartial, insertAfter, markContinued, newSegment, slot } from "../room/segment-element";
import type { OpenCaption, RoomStore } from "../room/store";

const NEAR_END_PX = 60;
const WORTH_MARKING_SECONDS = 3;

/** Shows finals in the log and what is being spoken in lanes below it; a lane becomes its final where it stands. */
export class CaptionsController extends Controller<HTMLElement> {
  static targets = ["scroll", "log", "lanes", "template", "break", "jump", "fresh", "empty"];
  declare scrollTarget: HTMLElement;
  declare logTarget: HTMLElement;
  declare lanesTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare breakTarget: HTMLTemplateElement;
  declare jumpTarget: HTMLElement;
  declare freshTarget: HTMLElement;
  declare emptyTarget: HTMLElement;
  private follows = true;
  private scrolledTo = 0;
  private layout = "";
  private fresh = 0;
  private lostAt: number | null = null;
  private resized: ResizeObserver | null = null;

  connect(): void {
    this.jump();
    this.resized = new ResizeObserver(() => this.keepPlace());
    for (const area of [this.scrollTarget, this.logTarget, this.lanesTarget]) this.resized.observe(area);
  }

  disconnect(): void {
    this.resized?.disconnect();
  }

  update(event: RoomChanged): void {
    const { store, final } = event.detail;
    if (final) this.showFinal(final, store);
    this.showLanes(store);
    this.emptyTarget.hidden = this.logTarget.childElementCount + this.lanesTarget.childElementCount > 0;
    this.keepPlace();
  }

  /** Only who scrolls back stops following; a page whose layout changes by itself goes on. */
  scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scrollTarget;
    const sameLayout = this.layout === `${clientHeight} of ${scrollHeight}`;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.follows = true;
    else if (sameLayout && scrollTop < this.scrolledTo) this.follows = false;
    this.layout = `${clientHeight} of ${scrollHeight}`;
    this.scrolledTo = scrollTop;
    this.showJump();
  }

  /** A line somewhere in the log is being looked at. */
  hold(): void {
    this.follows = false;
    this.showJump();
  }

  jump(): void {
    this.follows = true;
    this.showJump();
    this.scrollToEnd();
  }

  /** Leaves a mark where the connection was away: what was said meanwhile follows it. */
  link(event: LinkChanged): void {
    const { link } = event.detail;
    if (link === "lost") this.lostAt ??= Date.now();
    if (link !== "connected" || this.lostAt === null) return;
    const awaySeconds = (Date.now() - this.lostAt) / 1_000;
    this.lostAt = null;
    if (awaySeconds >= WORTH_MARKING_SECONDS) this.showBreak(awaySeconds);
  }

  private showBreak(seconds: number): void {
    const element = newSegment(this.breakTarget);
    slot(element, "away").textContent = duration(seconds);
    element.dataset.at = (this.logTarget.lastElementChild as HTMLElement | null)?.dataset.at ?? "0";
    this.logTarget.append(element);
  }

  private showJump(): void {
    if (this.follows) this.fresh = 0;
    this.jumpTarget.hidden = this.follows;
    this.freshTarget.hidden = this.fresh === 0;
    slot(this.freshTarget, "fresh").textContent = String(this.fresh);
  }

  /** A line that is being corrected stays where it is until that is done. */
  private keepPlace(): void {
    if (this.follows && !this.logTarget.querySelector(".is-being-fixed")) this.scrollToEnd();
  }

  private scrollToEnd(): void {
    this.scrollTarget.scrollTop = this.scrollTarget.scrollHeight;
    this.scrolledTo = this.scrollTarget.scrollTop;
  }

  // ── Finals ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private showFinal(final: CaptionFinal, store: RoomStore): void {
    const shown = this.logTarget.querySelector<HTMLElement>(`[data-sequence="${final.sequence}"]`);
    const element = shown ?? this.finishedLane(final, store) ?? newSegment(this.templateTarget);
    fillFinal(element, final);
    if (shown) return;
    this.insert(element, final);
    this.fresh++;
    this.showJump();
  }

  /** The lane that this final closes. */
  private finishedLane(final: CaptionFinal, store: RoomStore): HTMLElement | undefined {
    return store.partials.has(final.stream_id) ? undefined : this.lanes().get(final.stream_id);
  }

  private insert(element: HTMLElement, final: CaptionFinal): void {
    let before = this.logTarget.lastElementChild as HTMLElement | null;
    while (before && standsAfter(before, final)) before = before.previousElementSibling as HTMLElement | null;
    insertAfter(this.logTarget, before, element);
    markContinued(element, before);
  }

  // ── Lanes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private showLanes(store: RoomStore): void {
    const lanes = this.lanes();
    for (const [stream, lane] of lanes) if (!store.partials.has(stream)) lane.remove();
    for (const caption of store.partials.values()) this.showLane(caption, store, lanes.get(caption.stream_id));
    let before = this.logTarget.lastElementChild;
    for (const lane of this.lanesTarget.children) {
      markContinued(lane as HTMLElement, before);
      before = lane;
    }
  }

  private showLane(caption: OpenCaption, store: RoomStore, shown: HTMLElement | undefined): void {
    const lane = shown ?? newSegment(this.templateTarget);
    fillPartial(lane, caption, store.people.get(caption.participant_id));
    if (!shown) this.lanesTarget.append(lane);
  }

  private lanes(): Map<string, HTMLElement> {
    const lanes = Array.from(this.lanesTarget.children) as HTMLElement[];
    return new Map(lanes.map((lane) => [lane.dataset.stream ?? "", lane]));
  }
}

/** Captions stand in the order of their sequence; marks stand between them by time. */
function standsAfter(line: HTMLElement, final: CaptionFinal): boolean {
  const { sequence, at } = line.dataset;
  return sequence ? Number(sequence) > final.sequence : Number(at) > final.start_ms;
}
