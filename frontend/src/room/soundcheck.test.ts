import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { understood } from "./soundcheck";

const answers: Array<() => Response> = [];

beforeEach(() => {
  vi.useFakeTimers();
  answers.length = 0;
  vi.stubGlobal("fetch", async () => answers.shift()?.() ?? Promise.reject(new TypeError("no network")));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function verdict(): Promise<object> {
  const found = understood("/m/abc/check/", "token", new Blob(), 16_000, "");
  await vi.advanceTimersByTimeAsync(25_000);
  return found;
}

const begun = () => Response.json({ check: "1" }, { status: 202 });

it("asks until the recogniser is done", async () => {
  answers.push(begun, () => Response.json({ text: "Good", done: false }));
  answers.push(() => Response.json({ text: "Good morning.", done: true }));
  expect(await verdict()).toEqual({ state: "understood", text: "Good morning." });
});

it("tells silence from a server that is away, and from too many tries", async () => {
  answers.push(begun, () => Response.json({ text: "", done: true }));
  expect(await verdict()).toEqual({ state: "nothing" });
  answers.push(() => new Response("", { status: 429 }));
  expect(await verdict()).toEqual({ state: "often" });
  expect(await verdict()).toEqual({ state: "away" });
  answers.push(begun, ...Array.from({ length: 60 }, () => () => Response.json({ text: "", done: false })));
  expect(await verdict()).toEqual({ state: "away" });
});
