import { clock } from "../room/clock";
import { slot } from "../room/segment-element";
import type { ReviewLine } from "./line";

/** A line of somebody's, to be read and, where there is audio, heard. */
export function sampleItem(template: HTMLTemplateElement, line: ReviewLine): DocumentFragment {
  const item = template.content.cloneNode(true) as DocumentFragment;
  const element = item.firstElementChild as HTMLElement;
  slot(element, "time").textContent = clock(line.start_ms);
  const text = slot(element, "text");
  text.textContent = line.text;
  text.dir = line.direction;
  text.lang = line.language;
  const button = element.querySelector("button");
  if (button) Object.assign(button.dataset, { playerStartParam: line.start_ms, playerEndParam: line.end_ms });
  return item;
}
