import { beforeEach, expect, it } from "vitest";
import type { CaptionFinal } from "../protocol";
import { announce } from "../room/events";
import { fillFinal, newSegment } from "../room/segment-element";
import { goldenMessage } from "../testing/golden";
import { find, show, template, texts } from "../testing/page";
import { LineToolsController } from "./line_tools_controller";

const final = goldenMessage<CaptionFinal>("room_events", "final");
const gap = goldenMessage<CaptionFinal>("room_events", "gap");
let heard: string[];

for (const name of ["line-tools:fix", "line-tools:mark"]) {
  window.addEventListener(name, (event) => heard.push(`${name} ${(event.target as HTMLElement).dataset.sequence}`));
}

beforeEach(async () => {
  heard = [];
  await show(
    `<section data-controller="line-tools" data-action="room:changed@window->line-tools#update pointerover->line-tools#point click->line-tools#point pointerleave->line-tools#leave line-edit:closed->line-tools#resume">
      <div id="log" role="log" data-line-tools-target="log"></div>
      ${template("meetings/_line_tools.html")}
      <template id="line">${template("meetings/_segment.html")}</template>
    </section>`,
    { "line-tools": LineToolsController },
  );
});

function say(...captions: CaptionFinal[]): void {
  for (const caption of captions) {
    const line = newSegment(find<HTMLTemplateElement>("#line"));
    fillFinal(line, caption);
    find("#log").append(line);
  }
  announce("room:changed", { store: null, final: captions.at(-1) });
}

function line(sequence: number): HTMLElement {
  return find(`[data-sequence="${sequence}"]`);
}

function press(...keys: string[]): void {
  for (const key of keys) document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

function point(element: Element): void {
  element.dispatchEvent(new Event("pointerover", { bubbles: true }));
}

const [fix, mark] = ['[data-action="line-tools#fix"]', '[data-action="line-tools#mark"]'] as const;

it("is there once for all lines, and outside of what is announced", () => {
  expect(texts(mark)).toEqual([]);
  say({ ...final, sequence: 1 }, { ...final, sequence: 2 });
  expect(texts(mark)).toHaveLength(1);
  expect(document.querySelector("[role=log] :is(button, [tabindex])")).toBeNull();
});

it("begins at the newest line and goes through the others with the arrow keys, saying each", () => {
  say({ ...final, sequence: 1, text: "One." }, { ...gap, sequence: 2 }, { ...final, sequence: 3, text: "Three." });
  find(mark).focus();
  expect(texts("[role=status]")).toEqual([`${final.name}: Three.`]);
  press("ArrowUp");
  expect(texts("[role=status]")).toEqual([`${final.name}: One.`]);
  press("ArrowUp");
  find(mark).click();
  press("End");
  find(mark).focus();
  expect(heard).toEqual(["line-tools:mark 1"]);
});

it("passes over lines that are not shown", () => {
  say({ ...final, sequence: 1 }, { ...final, sequence: 2 }, { ...final, sequence: 3 });
  line(2).style.display = "none";
  find(mark).focus();
  press("ArrowUp");
  expect(line(1).classList.contains("is-chosen")).toBe(true);
});

it("acts on the line under the pointer, and offers to fix one's own", () => {
  say({ ...final, sequence: 1 }, { ...final, sequence: 2 });
  line(1).classList.add("is-mine");
  point(line(2));
  expect(find(fix).hidden).toBe(true);
  point(line(1).firstElementChild as Element);
  expect(find(fix).hidden).toBe(false);
  find(fix).click();
  expect(heard).toEqual(["line-tools:fix 1"]);
  expect(document.querySelector(".is-chosen")).toBeNull();
});

it("shows a finger the buttons when its tap is over, so that the tap presses none", () => {
  say({ ...final, sequence: 1 });
  line(1).dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "touch" }));
  expect(document.querySelector(".is-chosen")).toBeNull();
  line(1).click();
  expect(document.querySelector(".is-chosen")).toBe(line(1));
});

it("leaves the pointer aside while the keyboard is at work, and lets go when the focus leaves", () => {
  say({ ...final, sequence: 1 }, { ...final, sequence: 2 });
  find(mark).focus();
  point(line(1));
  expect(line(2).classList.contains("is-chosen")).toBe(true);
  find(mark).blur();
  expect(document.querySelector(".is-chosen")).toBeNull();
});

it("takes the focus back when a line's form closes", () => {
  say({ ...final, sequence: 1 }, { ...final, sequence: 2 });
  line(1).classList.add("is-mine");
  line(1).dispatchEvent(new Event("line-edit:closed", { bubbles: true }));
  expect(document.activeElement).toBe(find(fix));
  expect(line(1).classList.contains("is-chosen")).toBe(true);
});
