import type { CaptionFinal, CaptionPartial } from "../protocol";
import { clock } from "./clock";
import type { Person } from "./store";

/** Fills the elements that `templates/meetings/_segment.html` names with `data-slot`. */
export function slot(element: ParentNode, name: string): HTMLElement {
  const found = element.querySelector<HTMLElement>(`[data-slot="${name}"]`);
  if (!found) throw new Error(`the template has no slot "${name}"`);
  return found;
}

export function newSegment(template: HTMLTemplateElement): HTMLElement {
  const element = (template.content.cloneNode(true) as DocumentFragment).firstElementChild;
  return element as HTMLElement;
}

export function fillFinal(element: HTMLElement, caption: CaptionFinal): void {
  fill(element, caption, caption.name, caption.color);
  element.classList.remove("is-partial");
  delete element.dataset.stream;
  element.style.removeProperty("min-height");
  element.dataset.kind = caption.kind;
  element.dataset.sequence = String(caption.sequence);
  element.dataset.revision = String(caption.revision);
  element.toggleAttribute("data-copy", caption.copy);
  slot(element, "edited").hidden = caption.revision === 0;
  slot(element, "text").textContent = caption.text;
  slot(element, "gap").textContent = ((caption.end_ms - caption.start_ms) / 1_000).toFixed(1);
}

export function fillPartial(element: HTMLElement, caption: CaptionPartial, person: Person | undefined): void {
  fill(element, caption, person?.name ?? "", person?.color ?? 0);
  element.classList.add("is-partial");
  element.dataset.kind = "speech";
  element.dataset.stream = caption.stream_id;
  settle(slot(element, "text"), Array.from(caption.text), caption.stable_chars); // the protocol counts code points
  keepHeight(element);
}

/** Shows the agreed words and those that may change; what stays the same is not touched, so that nothing flickers. */
function settle(text: HTMLElement, characters: string[], stable: number): void {
  let unsettled = text.querySelector<HTMLElement>(".unsettled");
  if (!unsettled) {
    unsettled = document.createElement("span");
    unsettled.className = "unsettled";
    text.replaceChildren(document.createTextNode(""), unsettled);
  }
  const settled = text.firstChild as Text;
  replaceText(settled, characters.slice(0, stable).join(""));
  replaceText(unsettled, characters.slice(stable).join(""));
}

function replaceText(node: Node, wanted: string): void {
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** A lane that has grown does not shrink while its words settle: the lines around it stay where they are. */
function keepHeight(element: HTMLElement): void {
  const height = element.offsetHeight;
  const kept = Number.parseFloat(element.style.minHeight) || 0;
  if (height > kept) element.style.minHeight = `${height}px`;
}

/** Puts an element into the log after a line, or before all of them; who goes on after it is named as is right there. */
export function insertAfter(log: HTMLElement, line: Element | null, element: HTMLElement): void {
  const next = line ? line.nextElementSibling : log.firstElementChild;
  log.insertBefore(element, next);
  if (next instanceof HTMLElement) markContinued(next, element);
}

/** The last line of the log that had begun by a time of the meeting. */
export function lastBegunBy(log: HTMLElement, atMs: number): Element | null {
  let line = log.lastElementChild as HTMLElement | null;
  while (line && Number(line.dataset.at) > atMs) line = line.previousElementSibling as HTMLElement | null;
  return line;
}

/** A speaker who goes on is not named again; the name stays for screen readers. */
export function markContinued(element: HTMLElement, before: Element | null): void {
  const previous = before instanceof HTMLElement ? before.dataset : null;
  const { participant, kind, copy } = element.dataset;
  const alike =
    participant !== undefined &&
    previous?.participant === participant &&
    previous?.kind === kind &&
    previous?.copy === copy;
  element.classList.toggle("is-continued", alike);
}

function fill(element: HTMLElement, caption: CaptionFinal | CaptionPartial, name: string, color: number): void {
  element.dataset.participant = caption.participant_id;
  element.dataset.color = String(color);
  element.dataset.at = String(caption.start_ms);
  slot(element, "time").textContent = clock(caption.start_ms);
  slot(element, "name").textContent = name;
  const text = slot(element, "text");
  text.dir = caption.direction;
  if (caption.language) text.lang = caption.language;
}
