import { beforeEach, expect, it } from "vitest";
import { find, show, template } from "../testing/page";
import { LetterKeysController } from "./letter_keys_controller";
import { ShortcutsController } from "./shortcuts_controller";

const page = `
  <footer data-controller="shortcuts" data-action="keydown@window->shortcuts#pressed"></footer>
  ${template("meetings/_letter_keys.html")}`;
let heard: string[];

for (const name of ["shortcuts:help", "shortcuts:find", "shortcuts:back", "mark:compose"]) {
  window.addEventListener(name, () => heard.push(name));
}

beforeEach(() => {
  heard = [];
  localStorage.clear();
  return open();
});

function open(): Promise<void> {
  return show(page, { shortcuts: ShortcutsController, "letter-keys": LetterKeysController });
}

function press(...keys: string[]): void {
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

it("acts on one key each", () => {
  press("?", "/", "d", "Escape");
  expect(heard).toEqual(["shortcuts:help", "shortcuts:find", "mark:compose", "shortcuts:back"]);
});

it("opens no form that large type hides", () => {
  document.documentElement.toggleAttribute("data-large-type", true);
  press("d", "/", "?");
  document.documentElement.toggleAttribute("data-large-type", false);
  expect(heard).toEqual(["shortcuts:help"]);
});

it("acts on no letter or sign once they are turned off, also on the next page", async () => {
  find("input").click();
  press("?", "/", "d", "Escape");
  expect(heard).toEqual(["shortcuts:back"]);
  await open();
  press("?");
  expect(heard).toEqual(["shortcuts:back"]);
  find("input").click();
  press("?");
  expect(heard).toEqual(["shortcuts:back", "shortcuts:help"]);
});
