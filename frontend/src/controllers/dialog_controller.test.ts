import { beforeEach, expect, it } from "vitest";
import { find, show } from "../testing/page";
import { DialogController } from "./dialog_controller";

const page = `
  <button data-controller="dialog" data-dialog-name-value="help" data-action="dialog#open shortcuts:help@window->dialog#open">?</button>
  <dialog id="help"></dialog>`;

beforeEach(() => show(page, { dialog: DialogController }));

it("opens its dialog by a click or by the key that asks for help, and opens it once", () => {
  find("button").click();
  expect(find<HTMLDialogElement>("dialog").open).toBe(true);
  expect(() => window.dispatchEvent(new CustomEvent("shortcuts:help"))).not.toThrow();
});
