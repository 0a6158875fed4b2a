import { beforeEach, expect, it } from "vitest";
import { line } from "../testing/lines";
import { find, texts } from "../testing/page";
import { type FakeReview, press, showReview } from "../testing/review";

const field = () => find<HTMLInputElement>("[type=search]");
const found = () => texts(".is-found .segment-text").at(0);
const count = () => texts("[data-review-find-target=count]").at(0);
let server: FakeReview;

beforeEach(async () => {
  server = await showReview([
    line(1, { text: "The budget (draft) is agreed." }),
    line(2, { text: "Then the rooms." }),
    line(3, { text: "The BUDGET of the rooms." }),
    line(4, { text: "A budget nobody sees", hidden: true }),
  ]);
});

function look(words: string): void {
  field().value = words;
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

async function enter(shiftKey = false): Promise<string | undefined> {
  field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey, bubbles: true, cancelable: true }));
  return found();
}

it("goes from line to line with Enter and back with Shift, around the end, and says which it is", async () => {
  await press("/");
  expect(document.activeElement).toBe(field());
  look("budget");
  expect([found(), count()]).toEqual(["The budget (draft) is agreed.", "1 of 2 lines"]);
  expect(await enter()).toBe("The BUDGET of the rooms.");
  expect(count()).toBe("2 of 2 lines");
  expect(await enter()).toBe("The budget (draft) is agreed.");
  expect(await enter(true)).toBe("The BUDGET of the rooms.");
  expect(document.activeElement).toBe(field());
});

it("begins at the current line, and Escape makes the found one current", async () => {
  await press("j");
  await press("j");
  look("rooms");
  expect(found()).toBe("Then the rooms.");
  find('[data-action="review-find#next"]').click();
  await press("Escape", field());
  expect(texts(".is-current .segment-text")).toEqual(["The BUDGET of the rooms."]);
  expect([found(), count(), field().value]).toEqual([undefined, undefined, ""]);
  await press("x");
  expect(server.asked).toEqual([{ type: "hide", line: { sequence: 3, revision: 0 }, hidden: true }]);
});

it("finds what is written, not a pattern, and nothing where nothing is", async () => {
  look("(DRAFT)");
  expect(found()).toBe("The budget (draft) is agreed.");
  look(".*");
  expect([found(), count(), await enter()]).toEqual([undefined, "0 of 0 lines", undefined]);
  look("");
  expect([found(), count()]).toEqual([undefined, undefined]);
  await press("Escape", field());
  expect(document.activeElement).toBe(document.body);
});
