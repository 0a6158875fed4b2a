import { beforeEach, expect, it } from "vitest";
import { announce } from "../room/events";
import { CHOICES, choiceNames, savedReading } from "../room/reading";
import { find, show, template } from "../testing/page";
import { ReadingController } from "./reading_controller";

const root = document.documentElement;

beforeEach(async () => {
  localStorage.clear();
  await show(template("meetings/_reading_dialog.html"), { reading: ReadingController });
});

it("offers all that can be chosen, and marks what is", () => {
  for (const name of choiceNames) {
    const offered = Array.from(document.querySelectorAll<HTMLInputElement>(`[name="${name}"]`), (input) => input.value);
    expect(offered.sort()).toEqual([...CHOICES[name]].sort());
    expect(find<HTMLInputElement>(`[name="${name}"]:checked`).value).toBe(CHOICES[name][0]);
  }
});

it("applies a choice at once, and keeps it for the next page", () => {
  find<HTMLInputElement>('[name="size"][value="4"]').click();
  expect(root.getAttribute("data-reading-size")).toBe("4");
  expect(savedReading(localStorage).size).toBe("4");
});

it("shows captions alone, and the room again", () => {
  announce("shortcuts:large-type");
  expect(root.hasAttribute("data-large-type")).toBe(true);
  announce("shortcuts:back");
  expect(root.hasAttribute("data-large-type")).toBe(false);
});

it("gives the focus of what it hides to the way back, and returns it", () => {
  document.body.insertAdjacentHTML(
    "beforeend",
    `<style>[data-large-type] .tool { display: none; }</style>
     <button class="tool"></button><button class="large-type-leave"></button>`,
  );
  find(".tool").focus();
  announce("shortcuts:large-type");
  expect(document.activeElement).toBe(find(".large-type-leave"));
  announce("shortcuts:back");
  expect(document.activeElement).toBe(find(".tool"));
});
