import { beforeEach, expect, it } from "vitest";
import { type MicrophoneHint, MicrophoneWatch } from "./microphone-watch";

let watch: MicrophoneWatch;

beforeEach(() => {
  watch = new MicrophoneWatch();
});

function heard(level: number, seconds: number): MicrophoneHint | null {
  for (let frame = 1; frame < seconds * 10; frame++) watch.heard(level);
  return watch.heard(level);
}

function overheard(level: number, seconds: number): MicrophoneHint | null {
  for (let frame = 1; frame < seconds * 10; frame++) watch.overheard(level);
  return watch.overheard(level);
}

it("warns when the microphone gives nothing at all, until it does", () => {
  expect(heard(0.2, 1)).toBeNull();
  expect(heard(0, 7)).toBeNull();
  expect(heard(0, 2)).toBe("silent");
  expect(heard(0.0001, 0.1)).toBeNull();
});

it("warns when nothing was ever heard, and leaves in peace who only listens", () => {
  expect(heard(0.0005, 29)).toBeNull();
  expect(heard(0.0005, 2)).toBe("silent");
  expect(heard(0.2, 0.1)).toBeNull();
  expect(heard(0.0005, 300)).toBeNull();
});

it("notices talking while muted, over short breaths, and when it stops", () => {
  expect(overheard(0.1, 0.6)).toBeNull();
  expect(overheard(0.1, 0.5)).toBe("talking");
  expect(overheard(0.001, 0.5)).toBe("talking");
  expect(overheard(0.001, 2)).toBeNull();
});

it("takes a cough or noise for no talk", () => {
  for (let n = 0; n < 20; n++) {
    expect(overheard(0.2, 0.3)).toBeNull();
    expect(overheard(0.005, 1)).toBeNull();
  }
});

it("has an audio graph woken that gives no frames for three seconds, and opened anew after eight", () => {
  const ticks = () => Array.from({ length: 9 }, () => watch.tick()).filter(Boolean);
  expect(ticks()).toEqual(["wake", "reopen"]);
  watch.heard(0.1);
  expect(ticks()).toEqual(["wake", "reopen"]);
  watch.overheard(0.1);
  expect(watch.tick()).toBeNull();
});
