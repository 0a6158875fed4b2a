import { beforeEach, expect, it } from "vitest";
import { find, show, template, texts } from "../testing/page";
import { FindController } from "./find_controller";

beforeEach(async () => {
  await show(
    `<section data-controller="find" data-action="click->find#reveal">
      ${template("meetings/_captions_bar.html")}
      <div id="log">
        <div class="segment"><p data-slot="text">The budget is agreed.</p></div>
        <div class="segment"><p data-slot="text">Then the rooms.</p></div>
      </div>
    </section>`,
    { find: FindController },
  );
});

function look(text: string): void {
  const field = find<HTMLInputElement>("[type=search]");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
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
});
