import type { LineHistory } from "./server";

/** What a replacement makes of a line. */
export function previewItem(before: string, after: string): HTMLElement {
  return item([
    ["gone", before],
    ["new", after],
  ]);
}

/** One change of a line: who, when, and what was taken out and put in. */
export function historyItem(change: LineHistory["changes"][number]): HTMLElement {
  const element = item(change.diff);
  const head = document.createElement("p");
  head.className = "review-change";
  head.textContent = `${change.what} · ${change.author} · ${change.at}`;
  element.prepend(head);
  return element;
}

/** What a change takes out and puts in. */
export function diffItem(parts: LineHistory["changes"][number]["diff"]): HTMLElement {
  return item(parts);
}

const ELEMENTS = { same: "span", gone: "del", new: "ins" } as const;

function item(parts: ["same" | "gone" | "new", string][]): HTMLElement {
  const element = document.createElement("li");
  for (const [kind, text] of parts) {
    const part = document.createElement(ELEMENTS[kind]);
    part.textContent = text;
    element.append(part, " ");
  }
  return element;
}
