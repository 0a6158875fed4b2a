import { Controller } from "@hotwired/stimulus";
import type { Mark } from "../protocol";
import { announce, type RoomChanged } from "../room/events";
import { fillMark, inOrder } from "../room/mark-element";
import { insertAfter, lastBegunBy, newSegment } from "../room/segment-element";

/** Marks among the captions: after the caption they belong to, or where the meeting stood when they were written. */
export class MarkFlowController extends Controller<HTMLElement> {
  static targets = ["log", "template"];
  declare logTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  private readonly shown = new Map<string, number>();

  update(event: RoomChanged): void {
    const news = Array.from(event.detail.store.marks.values()).filter(
      (mark) => this.shown.get(mark.id) !== mark.change,
    );
    for (const mark of inOrder(news)) this.show(mark);
  }

  /** The button of a caption: a decision on this line, to begin with. */
  flag(event: Event): void {
    const line = (event.target as Element).closest<HTMLElement>("[data-sequence]");
    if (line) announce("mark:compose", { kind: "decision", sequence: Number(line.dataset.sequence) });
  }

  private show(mark: Mark): void {
    this.shown.set(mark.id, mark.change);
    const known = this.logTarget.querySelector<HTMLElement>(`[data-mark="${mark.id}"]`);
    if (mark.withdrawn) known?.remove();
    if (mark.withdrawn) return;
    const element = known ?? newSegment(this.templateTarget);
    fillMark(element, mark);
    element.dataset.at = String(mark.at_ms);
    if (known) return;
    insertAfter(this.logTarget, this.lineOf(mark) ?? lastBegunBy(this.logTarget, mark.at_ms), element);
  }

  private lineOf(mark: Mark): Element | null {
    return mark.sequence === null ? null : this.logTarget.querySelector(`[data-sequence="${mark.sequence}"]`);
  }
}
