import { beforeEach, expect, it } from "vitest";
import { find, show, texts } from "../testing/page";
import { FilterController } from "./filter_controller";

const page = `
  <section data-controller="filter">
    <input data-filter-target="query" data-action="input->filter#apply">
    <span data-filter-target="count" hidden><span data-slot="shown"></span> of <span data-slot="all"></span></span>
    <div class="segment"><b data-slot="name">Host</b>: <p data-slot="text">The Résumé is ready</p><i hidden>edited</i></div>
    <div class="segment"><b data-slot="name">Guest</b>: <p data-slot="text">nothing to add</p></div>
  </section>`;

beforeEach(() => show(page, { filter: FilterController }));

function type(text: string): void {
  find<HTMLInputElement>("input").value = text;
  find("input").dispatchEvent(new Event("input"));
}

it("shows the lines that contain the words, whatever their case and accents", () => {
  type("resume");
  expect(texts(".segment > p")).toEqual(["The Résumé is ready"]);
  expect(texts("[data-filter-target=count]")).toEqual(["1 of 2"]);
});

it("finds speakers too, and shows everything again when emptied", () => {
  type("guest");
  expect(texts(".segment > p")).toEqual(["nothing to add"]);
  type("");
  expect(texts(".segment")).toHaveLength(2);
  expect(texts("[data-filter-target=count]")).toEqual([]);
});

it("finds nothing in what a line has besides its speaker and words", () => {
  type("edited");
  expect(texts(".segment")).toEqual([]);
});
