import { beforeEach, expect, it, vi } from "vitest";
import { letLettersAct } from "../room/letter-keys";
import { find, settled, show, template } from "../testing/page";
import { PlayerController } from "./player_controller";

const page = `
  <div data-controller="player" data-player-words-value="/words" data-action="keydown@window->player#pressed">
    ${template("meetings/_player.html")}
    <button class="clip" data-action="player#hearClip" data-player-start-param="9000" data-player-end-param="9500"></button>
    <div data-player-target="lines" data-action="click->player#hear focusin->player#chosen">
      <article tabindex="-1" data-sequence="1" data-start="1000"><p data-slot="text">one two</p></article>
      <article tabindex="-1" data-sequence="2" data-start="9000"><p data-slot="text">three</p><form><textarea></textarea></form></article>
    </div>
  </div>`;
const words = {
  lines: [
    {
      sequence: 1,
      revision: 0,
      words: [
        [0, 3, 1_000, 1_400],
        [4, 7, 1_400, 1_900],
      ],
    },
    { sequence: 2, revision: 0, words: [[0, 5, 9_000, 9_500]] },
  ],
  next_ms: null,
};
let audio: HTMLAudioElement;
let playing: boolean;

beforeEach(async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(words)));
  await show(page, { player: PlayerController });
  audio = find<HTMLAudioElement>("audio");
  find<HTMLInputElement>("[data-player-target=position]").max = "20000";
  playing = false;
  Object.defineProperty(audio, "paused", { get: () => !playing });
  Object.defineProperty(audio, "currentTime", { value: 0, writable: true });
  audio.play = async () => {
    playing = true;
  };
  audio.pause = () => {
    playing = false;
  };
});

function press(key: string, target: Element = document.body, ctrlKey = false): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true }));
}

async function playsAt(seconds: number): Promise<void> {
  audio.currentTime = seconds;
  audio.dispatchEvent(new Event("seeked"));
  await settled();
  await settled();
}

it("goes on with another voice where it was, as fast as before, however quickly one chooses", () => {
  const [select, speed] = document.querySelectorAll<HTMLSelectElement>(".player-choice select");
  if (!select || !speed) throw new Error("no choices");
  select.innerHTML = `<option value="/ada.wav">Ada</option><option value="/bob.wav">Bob</option>`;
  let source = "";
  Object.defineProperty(audio, "src", {
    get: () => source,
    set: (address) => {
      source = address; // as browsers begin to load: from the start, at the default speed
      audio.currentTime = 0;
      audio.playbackRate = audio.defaultPlaybackRate;
    },
  });
  audio.currentTime = 7;
  speed.value = "1.5";
  speed.dispatchEvent(new Event("change"));
  press(" ");
  for (const address of ["/ada.wav", "/bob.wav"]) {
    select.value = address;
    select.dispatchEvent(new Event("change"));
  }
  audio.dispatchEvent(new Event("loadedmetadata"));
  expect([source, audio.currentTime, audio.playbackRate, playing]).toEqual(["/bob.wav", 7, 1.5, true]);
});

it("plays a stretch and no more, but goes on where somebody moves elsewhere meanwhile", async () => {
  find(".clip").click();
  expect([playing, audio.currentTime]).toEqual([true, 9]);
  audio.dispatchEvent(new Event("play"));
  audio.currentTime = 9.6;
  await vi.waitFor(() => expect(playing).toBe(false));
  find(".clip").click();
  press("b");
  expect(audio.currentTime).toBe(6);
  audio.dispatchEvent(new Event("play"));
  audio.currentTime = 9.6;
  await settled();
  expect(playing).toBe(true);
});

it("plays, pauses and goes back by keys, also while one writes", () => {
  press(" ");
  expect(playing).toBe(true);
  press(" ");
  expect(playing).toBe(false);
  audio.currentTime = 10;
  press("b");
  expect(audio.currentTime).toBe(7);
  press("b", find("textarea"));
  expect(audio.currentTime).toBe(7);
  press("b", find("textarea"), true);
  expect(audio.currentTime).toBe(4);
  press("b", document.body, true);
  expect(audio.currentTime).toBe(4);
});

it("goes back by no letter where letters are turned off, and still plays by Space", () => {
  letLettersAct(false);
  audio.currentTime = 10;
  press("b");
  press(" ");
  expect([audio.currentTime, playing]).toEqual([10, true]);
  press("b", find("textarea"), true);
  expect(audio.currentTime).toBe(7);
  letLettersAct(true);
});

it("plays the line that is clicked, and goes to the one that is chosen", async () => {
  find("[data-sequence='2'] p").click();
  await settled();
  expect([audio.currentTime, playing]).toEqual([9, true]);
  audio.pause();
  find("[data-sequence='1']").dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
  expect([audio.currentTime, playing]).toEqual([1, false]);
});

it("shows where it is and which line is heard", async () => {
  await playsAt(1.5);
  expect(find("output").textContent).toBe("00:01");
  expect(find<HTMLInputElement>("[data-player-target=position]").value).toBe("1500");
  expect(find(".is-heard").dataset.sequence).toBe("1");
  await playsAt(9.1);
  expect(find(".is-heard").dataset.sequence).toBe("2");
});

it("skips silence when it is told to, while it plays", async () => {
  playing = true;
  await playsAt(4);
  expect(audio.currentTime).toBe(4);
  find<HTMLInputElement>("[data-player-target=skip]").checked = true;
  await playsAt(4);
  expect(audio.currentTime).toBe(8.75);
});

it("says so when the audio or its words cannot be had", async () => {
  const problem = find("[data-player-target=problem]");
  expect(problem.hidden).toBe(true);
  vi.stubGlobal("fetch", async () => new Response("", { status: 503 }));
  await playsAt(70);
  expect(problem.hidden).toBe(false);
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(words)));
  await playsAt(1.2);
  expect(problem.hidden).toBe(true);
  audio.dispatchEvent(new Event("error"));
  expect(problem.hidden).toBe(false);
});
