import { Controller } from "@hotwired/stimulus";
import type { OffRecord } from "../protocol";
import { clock } from "../room/clock";
import type { RoomChanged } from "../room/events";
import { insertAfter, lastBegunBy, newSegment, slot } from "../room/segment-element";

/** Stretches off the record, marked among the captions where they were. */
export class RecordFlowController extends Controller<HTMLElement> {
  static targets = ["log", "template"];
  declare logTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;

  update(event: RoomChanged): void {
    for (const span of event.detail.store.offRecord.values()) this.show(span);
  }

  private show(span: OffRecord): void {
    const known = this.logTarget.querySelector<HTMLElement>(`[data-off-record="${span.id}"]`);
    const element = known ?? newSegment(this.templateTarget);
    slot(element, "from").textContent = clock(span.start_ms);
    slot(element, "ended").hidden = span.end_ms === null;
    slot(element, "until").textContent = span.end_ms === null ? "" : clock(span.end_ms);
    if (known) return;
    element.dataset.offRecord = String(span.id);
    element.dataset.at = String(span.start_ms);
    insertAfter(this.logTarget, lastBegunBy(this.logTarget, span.start_ms), element);
  }
}
