import { newSegment, slot } from "../room/segment-element";
import type { Difference, LineChange } from "./server";

/** What a replacement makes of a line. */
export function previewItem(before: string, after: string): HTMLElement {
  const item = document.createElement("li");
  item.append(
    ...diffParts([
      ["gone", before],
      ["new", after],
    ]),
  );
  return item;
}

/** One change of a line: who, when, what was taken out and put in, and the button that takes it back. */
export function historyItem(template: HTMLTemplateElement, change: LineChange): HTMLElement {
  const item = newSegment(template);
  slot(item, "change").textContent = `${change.what} · ${change.author} · ${change.at}`;
  slot(item, "diff").append(...diffParts(change.diff));
  const undo = slot(item, "undo");
  undo.hidden = change.operation === null;
  undo.dataset.reviewDialogsOperationParam = change.operation ?? "";
  return item;
}

const ELEMENTS = { same: "span", gone: "del", new: "ins" } as const;

/** What a change takes out and puts in. */
export function diffParts(parts: Difference): (Node | string)[] {
  return parts.flatMap(([kind, text]) => {
    const part = document.createElement(ELEMENTS[kind]);
    part.textContent = text;
    return [part, " "];
  });
}
