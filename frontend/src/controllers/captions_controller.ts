import { Controller } from "@hotwired/stimulus";
import type { CaptionFinal } from "../protocol";
import type { RoomChanged } from "../room/events";
import { fillFinal, fillPartial, markContinued, newSegment } from "../room/segment-element";
import type { OpenCaption, RoomStore } from "../room/store";

const NEAR_END_PX = 60;

/** Shows finals in the log and what is being spoken in lanes below it; a lane becomes its final where it stands. */
export class CaptionsController extends Controller<HTMLElement> {
  static targets = ["scroll", "log", "lanes", "template", "jump", "empty"];
  declare scrollTarget: HTMLElement;
  declare logTarget: HTMLElement;
  declare lanesTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare jumpTarget: HTMLElement;
  declare emptyTarget: HTMLElement;
  private follows = true;
  private resized: ResizeObserver | null = null;

  connect(): void {
    this.jump();
    this.resized = new ResizeObserver(() => this.keepPlace());
    this.resized.observe(this.scrollTarget);
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

  scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scrollTarget;
    this.follows = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.jumpTarget.hidden = this.follows;
  }

  jump(): void {
    this.follows = true;
    this.jumpTarget.hidden = true;
    this.scrollToEnd();
  }

  private keepPlace(): void {
    if (this.follows) this.scrollToEnd();
  }

  private scrollToEnd(): void {
    this.scrollTarget.scrollTop = this.scrollTarget.scrollHeight;
  }

  // ── Finals ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private showFinal(final: CaptionFinal, store: RoomStore): void {
    const shown = this.logTarget.querySelector<HTMLElement>(`[data-sequence="${final.sequence}"]`);
    const element = shown ?? this.finishedLane(final, store) ?? newSegment(this.templateTarget);
    fillFinal(element, final);
    if (!shown) this.insert(element, final.sequence);
  }

  /** The lane that this final closes. */
  private finishedLane(final: CaptionFinal, store: RoomStore): HTMLElement | undefined {
    return store.partials.has(final.stream_id) ? undefined : this.lanes().get(final.stream_id);
  }

  private insert(element: HTMLElement, sequence: number): void {
    let before = this.logTarget.lastElementChild as HTMLElement | null;
    while (before && Number(before.dataset.sequence) > sequence) {
      before = before.previousElementSibling as HTMLElement | null;
    }
    const after = before ? before.nextElementSibling : this.logTarget.firstElementChild;
    this.logTarget.insertBefore(element, after);
    markContinued(element, before);
    if (after instanceof HTMLElement) markContinued(after, element);
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
