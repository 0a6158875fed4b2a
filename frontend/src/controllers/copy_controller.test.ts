import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, settled, show } from "../testing/page";
import { CopyController } from "./copy_controller";

const page = `
  <div data-controller="copy" data-copy-text-value="https://localhost/join">
    <button data-action="copy#copy">
      <span data-copy-target="label">Invite</span><span data-copy-target="done" hidden>Copied</span>
    </button>
    <input hidden data-copy-target="field" value="https://localhost/join">
  </div>`;

beforeEach(() => show(page, { copy: CopyController }));
afterEach(() => vi.unstubAllGlobals());

async function press(writeText: () => Promise<void>): Promise<void> {
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  find("button").click();
  await settled();
}

it("copies, and says so", async () => {
  const writeText = vi.fn(async () => {});
  await press(writeText);
  expect(writeText).toHaveBeenCalledWith("https://localhost/join");
  expect(find("[data-copy-target=done]").hidden).toBe(false);
});

it("shows the text to copy by hand where the page may not use the clipboard", async () => {
  await press(async () => {
    throw new Error("not allowed");
  });
  expect(find("input").hidden).toBe(false);
});
