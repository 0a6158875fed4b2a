import { expect, it, vi } from "vitest";
import { type SpokenPage, SpokenWords } from "./spoken-words";

const first: SpokenPage = {
  lines: [
    {
      sequence: 1,
      revision: 0,
      words: [
        [0, 5, 1_000, 1_400],
        [6, 9, 1_400, 1_900],
      ],
    },
    {
      sequence: 2,
      revision: 0,
      words: [
        [0, 3, 1_500, 2_000],
        [4, 8, 9_000, 9_500],
      ],
    },
  ],
  next_ms: 90_000,
};
const second: SpokenPage = { lines: [{ sequence: 3, revision: 0, words: [[0, 2, 90_000, 90_300]] }], next_ms: null };

function words() {
  const ask = vi.fn(async (fromMs: number, _toMs: number) => (fromMs === 0 ? first : second));
  return { ask, spoken: new SpokenWords(ask) };
}

it("knows the words said at a moment, also of two at once", async () => {
  const { spoken } = words();
  expect((await spoken.at(1_600)).map(({ sequence, word }) => [sequence, word[0]])).toEqual([
    [1, 6],
    [2, 0],
  ]);
  expect(await spoken.at(5_000)).toEqual([]);
});

it("knows when the word under a click was said", async () => {
  const { spoken } = words();
  expect(await spoken.startOf(1, 3, 1_000)).toBe(1_000);
  expect(await spoken.startOf(1, 6, 1_000)).toBe(1_400);
  expect(await spoken.startOf(7, 6, 1_000)).toBeNull();
});

it("asks for a minute once, and again for what was changed", async () => {
  const { spoken, ask } = words();
  await spoken.at(10);
  await spoken.at(59_000);
  await spoken.at(61_000);
  expect(ask.mock.calls).toEqual([
    [0, 60_000],
    [60_000, 120_000],
  ]);
  spoken.forget();
  await spoken.at(10);
  expect(ask).toHaveBeenCalledTimes(3);
});

it("asks again when the server did not answer", async () => {
  const ask = vi.fn().mockRejectedValueOnce(new Error("away")).mockResolvedValue(first);
  const spoken = new SpokenWords(ask);
  await expect(spoken.at(0)).rejects.toThrow("away");
  expect(await spoken.at(1_000)).toHaveLength(1);
});

it("goes on shortly before the next word where it is silent for long, and not within speech", async () => {
  const { spoken } = words();
  expect(await spoken.afterSilence(1_600)).toBeNull();
  expect(await spoken.afterSilence(2_500)).toBe(8_750);
  expect(await spoken.afterSilence(8_800)).toBeNull();
  expect(await spoken.afterSilence(9_600)).toBe(89_750);
  expect(await spoken.afterSilence(100_000)).toBeNull();
});
