import { beforeEach, expect, it } from "vitest";
import { find, show, template, texts } from "../testing/page";
import { FindController } from "./find_controller";

beforeEach(async () => {
  await show(
    `<section data-controller="find" data-action="click->find#reveal">
      ${template("meetings/_captions_bar.html")}
      <div id="log" class="captions-log">
        <div class="segment"><p data-slot="text">The budget is agreed.</p></div>
        <div class="segment"><p data-slot="text">Then the rooms.</p></div>
      </div>
      <div class="captions-scroll" tabindex="0"></div>
    </section>`,
    { find: FindController },
  );
});

function look(text: string): void {
  const field = find<HTMLInputElement>("[type=search]");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Presses Enter; returns the hit that is shown. */
function enter(shiftKey = false): string | undefined {
  find("[type=search]").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey, bubbles: true }));
  return texts(".is-found").at(0);
}

it("opens with the keyboard where one types", () => {
  find('[data-action~="find#open"]').click();
  expect(document.activeElement).toBe(find("[type=search]"));
});

it("shows the lines that have the words, and all of them again when it is closed", () => {
  look("BUDGET");
  expect(texts("#log p")).toEqual(["The budget is agreed."]);
  find('[data-action~="find#close"]').click();
  expect(texts("#log p")).toHaveLength(2);
});

it("looks at captions that come meanwhile", () => {
  look("rooms");
  find("#log").insertAdjacentHTML("beforeend", '<div class="segment"><p data-slot="text">Not this</p></div>');
  find("section").dispatchEvent(new Event("x"));
  window.dispatchEvent(new Event("room:changed"));
  expect(texts("#log p")).toEqual(["Then the rooms."]);
});

it("leads from a found line to its place among the others", () => {
  look("rooms");
  const line = find("#log .segment:last-child");
  let shown = false;
  line.scrollIntoView = () => {
    shown = true;
  };
  line.click();
  expect(shown).toBe(true);
  expect(texts("#log p")).toHaveLength(2);
  expect(texts(".is-found")).toEqual(["Then the rooms."]);
});

it("goes from hit to hit with Enter, and back with Shift, among all lines, saying which it is", () => {
  find("#log").insertAdjacentHTML(
    "beforeend",
    '<div class="segment"><p data-slot="text">The rooms are booked.</p></div>',
  );
  find('[data-action~="find#open"]').click();
  look("rooms");
  const seen = [enter(), enter(), enter(), enter(true)];
  expect(seen).toEqual(["Then the rooms.", "The rooms are booked.", "Then the rooms.", "The rooms are booked."]);
  expect(texts("[data-find-target=count]")).toEqual(["2 of 2 lines"]);
  expect(texts("#log p")).toHaveLength(3);
  window.dispatchEvent(new Event("room:changed"));
  expect(texts("#log p")).toHaveLength(3);
  look("book");
  expect(texts("#log p")).toEqual(["The rooms are booked."]);
  expect(enter(true)).toBe("The rooms are booked.");
});

it("goes nowhere where nothing was found", () => {
  look("zebra");
  expect(enter()).toBeUndefined();
  look("");
  expect(enter()).toBeUndefined();
});

it("gives the focus back to where it was, or to the captions", () => {
  const opener = find('[data-action~="find#open"]');
  opener.focus();
  opener.click();
  find('[data-action~="find#close"]').click();
  expect(document.activeElement).toBe(opener);
  opener.blur();
  window.dispatchEvent(new Event("shortcuts:find"));
  opener.click();
  find('[data-action~="find#close"]').click();
  expect(document.activeElement).toBe(find(".captions-scroll"));
});
