import { beforeEach, expect, it, vi } from "vitest";
import { announce } from "../room/events";
import type { Verdict } from "../room/soundcheck";
import { find, settled, show, template } from "../testing/page";
import { SentenceController } from "./sentence_controller";

const page = template("meetings/_lobby.html");
const answer = vi.fn<typeof SentenceController.understood>();

beforeEach(async () => {
  answer.mockReset();
  SentenceController.understood = answer;
  await show(page, { sentence: SentenceController });
});

async function speak(seconds: number, verdict: Verdict): Promise<void> {
  answer.mockResolvedValue(verdict);
  find("[data-sentence-target=button]").click();
  for (let frame = 0; frame < seconds * 10; frame++) {
    announce("lobby:heard", { sampleRate: 16_000, frame: { pcm: new Int16Array(1_600), level: 0.1 } });
  }
  await settled();
}

function shown(): string[] {
  const states = Array.from(document.querySelectorAll<HTMLElement>("[data-sentence-target=state]"));
  return states.filter((state) => !state.hidden).map((state) => state.dataset.state ?? "");
}

it("sends four seconds and shows what was understood", async () => {
  await speak(4, { state: "understood", text: "Good morning." });
  expect(answer).toHaveBeenCalledOnce();
  expect(answer.mock.calls[0]?.[2].size).toBe(2 * 4 * 16_000);
  expect(answer.mock.calls[0]?.[3]).toBe(16_000);
  expect(shown()).toEqual(["understood"]);
  expect(find("[data-sentence-target=text]").textContent).toBe("Good morning.");
});

it("waits until all four seconds are there", async () => {
  await speak(3, { state: "nothing" });
  expect(answer).not.toHaveBeenCalled();
  expect(shown()).toEqual(["recording"]);
  expect(find<HTMLButtonElement>("[data-sentence-target=button]").disabled).toBe(true);
});

it.each(["nothing", "often", "away"] as const)("says when the answer is %s, and lets one try again", async (state) => {
  await speak(4, { state });
  expect(shown()).toEqual([state]);
  expect(find<HTMLButtonElement>("[data-sentence-target=button]").disabled).toBe(false);
});

it("records nothing before it is asked to, and stops with the microphone", async () => {
  announce("lobby:heard", { sampleRate: 16_000, frame: { pcm: new Int16Array(64_000), level: 0.1 } });
  expect(shown()).toEqual([]);
  await speak(1, { state: "nothing" });
  announce("lobby:lost");
  expect(shown()).toEqual([]);
});
