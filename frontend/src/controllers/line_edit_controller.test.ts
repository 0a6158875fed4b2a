// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import type { CaptionFinal } from "../protocol";
import { announce } from "../room/events";
import { fillFinal, newSegment } from "../room/segment-element";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template } from "../testing/page";
import { LineEditController } from "./line_edit_controller";

const final = goldenMessage<CaptionFinal>("room_events", "final");
const OTHER = { ...final, sequence: 419, participant_id: "somebody-else", text: "Not mine." };
let sent: unknown[] = [];
window.addEventListener("line:send", (event) => sent.push((event as CustomEvent).detail));

async function showPage(): Promise<void> {
  await show(
    `<section data-controller="line-edit" data-line-edit-you-value="${final.participant_id}" data-line-edit-any-value="false"
      data-action="room:changed@window->line-edit#update room:denied@window->line-edit#denied room:link@window->line-edit#link shortcuts:fix@window->line-edit#fixNewest dblclick->line-edit#open">
      <div data-line-edit-target="log"></div>
      ${template("meetings/_line_edit.html")}
      <template id="line">${template("meetings/_segment.html")}</template>
    </section>`,
    { "line-edit": LineEditController },
  );
}

/** What captions_controller does before. */
function say(caption: CaptionFinal): void {
  const known = document.querySelector<HTMLElement>(`[data-sequence="${caption.sequence}"]`);
  const line = known ?? newSegment(find<HTMLTemplateElement>("#line"));
  fillFinal(line, caption);
  if (!known) find("[data-line-edit-target=log]").append(line);
  announce("room:changed", { store: null, final: caption });
}

/** Stimulus connects what is new on the page a moment later. */
async function open(): Promise<void> {
  announce("shortcuts:fix");
  await settled();
}

function write(text: string): void {
  find<HTMLTextAreaElement>("textarea").value = text;
  find("form").dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
}

beforeEach(async () => {
  await showPage();
  sent = [];
  say(final);
  say(OTHER);
  await settled();
});

it("sends a correction of one's own line, and closes when the room shows it", async () => {
  await open();
  write("  Good   evening. ");
  expect(sent).toEqual([{ type: "segment.edit", sequence: 418, revision: 0, text: "Good evening." }]);
  expect(document.querySelector("form")).not.toBeNull();
  say({ ...final, text: "Good evening.", revision: 1 });
  expect(document.querySelector("form")).toBeNull();
});

it("does not open the line of somebody else, unless for a host", async () => {
  find('[data-sequence="419"]').dispatchEvent(new Event("dblclick", { bubbles: true }));
  expect(document.querySelector("form")).toBeNull();
  find("[data-controller]").setAttribute("data-line-edit-any-value", "true");
  find('[data-sequence="419"]').dispatchEvent(new Event("dblclick", { bubbles: true }));
  expect(find<HTMLTextAreaElement>("textarea").value).toBe("Not mine.");
});

it("shows what somebody else made of the line meanwhile, keeps one's own text, and saves on top of it", async () => {
  await open();
  find<HTMLTextAreaElement>("textarea").value = "Mine";
  say({ ...final, text: "Theirs", revision: 1 });
  expect(find('[data-slot="conflict"]').hidden).toBe(false);
  expect(find('[data-slot="theirs"]').textContent).toBe("Theirs");
  write("Mine");
  expect(sent).toEqual([{ type: "segment.edit", sequence: 418, revision: 1, text: "Mine" }]);
});

it("says why a correction was refused", async () => {
  await open();
  write("Mine");
  announce("room:denied", { type: "error", code: "meeting_ended", message: "this meeting is over", about: "418" });
  expect(find('[data-slot="denied"] :not([hidden])').dataset.code).toBe("meeting_ended");
  announce("room:denied", { type: "error", code: "of a newer server", message: "something else", about: "418" });
  expect(find('[data-slot="denied"] :not([hidden])').dataset.code).toBe("");
});

it("sends again what a broken connection may have lost", async () => {
  await open();
  write("Mine");
  announce("room:link", { link: "connected", code: 0 });
  expect(sent).toHaveLength(2);
});

it("leaves the line as it was on Escape, and when nothing was changed", async () => {
  await open();
  find("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(document.querySelector("form")).toBeNull();
  await open();
  write(final.text);
  expect(document.querySelector("form")).toBeNull();
  expect(sent).toEqual([]);
});
