import { beforeEach, expect, it, vi } from "vitest";
import type { CaptionFinal } from "../protocol";
import { fillFinal, newSegment } from "../room/segment-element";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template } from "../testing/page";
import { CopyCaptionsController } from "./copy_captions_controller";

const final = goldenMessage<CaptionFinal>("room_events", "final");
const gap = goldenMessage<CaptionFinal>("room_events", "gap");

beforeEach(async () => {
  await show(
    `<section data-controller="copy-captions">
      ${template("meetings/_captions_bar.html")}
      <div id="log" data-copy-captions-target="log"></div>
      <template>${template("meetings/_segment.html")}</template>
    </section>`,
    { "copy-captions": CopyCaptionsController },
  );
  for (const caption of [final, gap]) {
    const line = newSegment(find<HTMLTemplateElement>("template"));
    fillFinal(line, caption);
    find("#log").append(line);
  }
});

async function press(): Promise<void> {
  find('[data-action~="copy-captions#copy"]').click();
  await settled();
}

it("copies what was said, with time and name", async () => {
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => written.push(text) } });
  await press();
  expect(written).toEqual([`[01:05] ${final.name}: ${final.text}`]);
  expect(find('[data-copy-captions-target="copied"]').hidden).toBe(false);
  vi.unstubAllGlobals();
});

it("selects it where the page may not use the clipboard", async () => {
  vi.stubGlobal("navigator", {});
  await press();
  expect(window.getSelection()?.containsNode(find("#log .segment"), true)).toBe(true);
  expect(find('[data-copy-captions-target="selected"]').hidden).toBe(false);
  vi.unstubAllGlobals();
});
