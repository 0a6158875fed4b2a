/** The offset in an element's text of the character under a point of the window; null when none is there. */
export function offsetAt(element: Element, x: number, y: number): number | null {
  const place = caretAt(x, y);
  if (!place || !element.contains(place.node)) return null;
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(place.node, place.offset);
  return range.toString().length;
}

function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if ("caretPositionFromPoint" in document) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret && { node: caret.offsetNode, offset: caret.offset };
  }
  const range = (document as Document).caretRangeFromPoint?.(x, y); // Safari
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}

/** The characters [from, to) of an element's text; null when it is shorter. */
export function rangeOf(element: Element, from: number, to: number): Range | null {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let at = 0;
  let begun = false;
  while (walker.nextNode()) {
    const length = walker.currentNode.textContent?.length ?? 0;
    if (!begun && from < at + length) {
      range.setStart(walker.currentNode, from - at);
      begun = true;
    }
    if (begun && to <= at + length) {
      range.setEnd(walker.currentNode, to - at);
      return range;
    }
    at += length;
  }
  return null;
}
