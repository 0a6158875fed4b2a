import { beforeEach, expect, it } from "vitest";
import type { LineChange } from "../review/server";
import { line } from "../testing/lines";
import { find, settled, texts } from "../testing/page";
import { type FakeReview, press, showReview } from "../testing/review";

const form = (name: string) => find<HTMLFormElement>(`[data-dialog=${name}] form`);
let server: FakeReview;

beforeEach(async () => {
  server = await showReview([line(1), line(2, { participant_id: "bob" }), line(3, { text: "Other" })]);
  await press("j");
});

async function submit(name: string, values: Record<string, string>): Promise<void> {
  for (const [field, value] of Object.entries(values)) {
    (form(name).elements.namedItem(field) as HTMLInputElement).value = value;
  }
  form(name).dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
  await settled();
}

it("gives a line to another speaker", async () => {
  await press("s");
  expect(texts("[data-dialog=speaker] option")).toEqual(["Ada", "Bob"]);
  await submit("speaker", { participant: "bob" });
  expect(server.asked).toEqual([{ type: "reassign", lines: [{ sequence: 1, revision: 0 }], participant_id: "bob" }]);
});

it("gives several lines to another speaker at once", async () => {
  await press("J");
  await press("J");
  await press("K");
  const chosen = Array.from(document.querySelectorAll<HTMLElement>(".is-chosen"), (line) => line.dataset.sequence);
  expect(chosen).toEqual(["1", "2", "3"]);
  await press("s");
  expect(texts("[data-slot=chosen]")).toEqual(["3"]);
  await submit("speaker", { participant: "bob" });
  const lines = [1, 2, 3].map((sequence) => ({ sequence, revision: 0 }));
  expect(server.asked).toEqual([{ type: "reassign", lines, participant_id: "bob" }]);
  await press("j");
  expect(document.querySelectorAll(".is-chosen")).toHaveLength(0);
});

it("chooses the lines up to one that is clicked with Shift", async () => {
  const text = find('[data-sequence="3"] .segment-text');
  text.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
  await press("s");
  expect(texts("[data-slot=chosen]")).toEqual(["3"]);
});

it("shows what a speaker says before it is renamed", async () => {
  find("[data-review-dialogs-dialog-param=rename]").click();
  expect(texts("[data-dialog=rename] q")).toEqual(["Line 1", "Other"]);
  await submit("rename", { participant: "bob", name: "Robert" });
  expect(server.asked).toEqual([{ type: "rename", participant_id: "bob", was: "Bob", name: "Robert" }]);
});

it("suggests the name of a known voice, which a person takes", async () => {
  find("[data-review-dialogs-dialog-param=rename]").click();
  const alike = find<HTMLButtonElement>(".review-alike");
  expect(alike.hidden).toBe(true);
  const people = form("rename").elements.namedItem("participant") as HTMLSelectElement;
  people.value = "bob";
  people.dispatchEvent(new Event("change", { bubbles: true }));
  expect(alike.hidden).toBe(false);
  expect(alike.textContent).toContain("Robert");
  expect((form("rename").elements.namedItem("name") as HTMLInputElement).value).toBe("");
  alike.click();
  await submit("rename", {});
  expect(server.asked).toEqual([{ type: "rename", participant_id: "bob", was: "Bob", name: "Robert" }]);
});

it("shows what a replacement changes and replaces just there", async () => {
  await press("r");
  const find_ = form("replace").elements.namedItem("find") as HTMLInputElement;
  find_.value = "line";
  (form("replace").elements.namedItem("replacement") as HTMLInputElement).value = "Row";
  find_.dispatchEvent(new Event("input", { bubbles: true }));
  expect(texts("[data-slot=matches]")).toEqual(["2"]);
  expect(texts(".review-preview ins")).toEqual(["Row 1", "Row 2"]);
  await submit("replace", {});
  expect(server.asked[0]).toMatchObject({ type: "replace", find: "line", replacement: "Row", match_case: false });
  expect(server.asked[0]?.lines).toEqual([
    { sequence: 1, revision: 0 },
    { sequence: 2, revision: 0 },
  ]);
});

it("shows the history of a line, and takes back what can be taken back", async () => {
  const told = { what: "Text", author: "Ada", at: "2026-03-02 14:00" };
  const changes: LineChange[] = [
    { ...told, operation: "newest", diff: [["new", "Line"]] },
    { ...told, operation: null, diff: [["gone", "Lime"]] },
  ];
  server.history = { recognised: "Lime", changes };
  await press("h");
  expect(texts("[data-dialog=history] q")).toEqual(["Lime"]);
  expect(texts("[data-dialog=history] :is(ins, del)")).toEqual(["Line", "Lime"]);
  const buttons = document.querySelectorAll<HTMLButtonElement>("[data-dialog=history] li button");
  expect(Array.from(buttons, (button) => button.hidden)).toEqual([false, true]);
  buttons[0]?.click();
  await settled();
  expect(server.asked).toEqual([{ type: "undo", operation: "newest" }]);
  expect(find<HTMLDialogElement>("[data-dialog=history]").open).toBe(false);
});

it("opens no dialog over another", async () => {
  await press("?");
  expect(find<HTMLDialogElement>("[data-dialog=keys]").open).toBe(true);
  await press("r", find("[data-dialog=keys] dl"));
  expect(find<HTMLDialogElement>("[data-dialog=replace]").open).toBe(false);
});
