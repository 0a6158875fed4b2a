import type { Mark } from "../protocol";
import { clock } from "./clock";
import { slot } from "./segment-element";

/** Fills an element made from `templates/meetings/_mark.html`. */
export function fillMark(element: HTMLElement, mark: Mark): void {
  element.dataset.mark = mark.id;
  element.dataset.participant = mark.participant_id;
  element.dataset.kind = mark.kind;
  element.dataset.color = String(mark.color);
  element.classList.toggle("is-withdrawn", mark.withdrawn);
  slot(element, "time").textContent = clock(mark.at_ms);
  slot(element, "name").textContent = mark.name;
  slot(element, "text").textContent = mark.text;
  slot(element, "owner-line").hidden = mark.owner === "";
  slot(element, "owner").textContent = mark.owner;
  slot(element, "due-line").hidden = mark.due === null;
  const due = slot(element, "due") as HTMLTimeElement;
  due.dateTime = mark.due ?? "";
  due.textContent = mark.due ? shownDate(mark.due) : "";
}

/** A calendar day, the same in every time zone. */
function shownDate(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return date.toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: "medium", timeZone: "UTC" });
}

/** As the meeting went. */
export function inOrder(marks: Iterable<Mark>): Mark[] {
  return Array.from(marks).sort((a, b) => a.at_ms - b.at_ms || a.change - b.change);
}
