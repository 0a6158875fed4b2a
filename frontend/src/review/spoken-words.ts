/** A word's place in its line's text, from and to, and when it was said, in ms of the meeting. */
export type SpokenWord = [from: number, to: number, startMs: number, endMs: number];

export interface SpokenLine {
  sequence: number;
  revision: number;
  words: SpokenWord[];
}

export interface SpokenPage {
  lines: SpokenLine[];
  /** When the next line after the asked stretch begins; null when there is none. */
  next_ms: number | null;
}

const PAGE_MS = 60_000;
const BEFORE_SPEECH_MS = 250;
const WORTH_SKIPPING_MS = 1_500;

/** When each word was said, asked for a minute at a time around where the person listens. */
export class SpokenWords {
  private readonly pages = new Map<number, Promise<SpokenPage>>();

  constructor(private readonly ask: (fromMs: number, toMs: number) => Promise<SpokenPage>) {}

  /** What was changed is asked for again. */
  forget(): void {
    this.pages.clear();
  }

  /** The words said at a moment, of everybody who speaks then. */
  async at(ms: number): Promise<Array<{ sequence: number; word: SpokenWord }>> {
    const { lines } = await this.page(ms);
    return lines.flatMap(({ sequence, words }) => {
      const word = words.find(([, , start, end]) => start <= ms && ms < end);
      return word ? [{ sequence, word }] : [];
    });
  }

  /** When the word at a place of a line's text was said; null when it is not known. */
  async startOf(sequence: number, offset: number, nearMs: number): Promise<number | null> {
    const { lines } = await this.page(nearMs);
    const words = lines.find((line) => line.sequence === sequence)?.words ?? [];
    return words.find(([, to]) => offset <= to)?.[2] ?? null;
  }

  /** Where to go on listening when nobody speaks at `ms` for a while; null when somebody does. */
  async afterSilence(ms: number): Promise<number | null> {
    const page = await this.page(ms);
    const speech = page.lines.flatMap((line) => line.words).filter(([, , , end]) => end > ms);
    const next = speech.length ? Math.min(...speech.map(([, , start]) => start)) : page.next_ms;
    return next !== null && next - ms > WORTH_SKIPPING_MS ? next - BEFORE_SPEECH_MS : null;
  }

  private page(ms: number): Promise<SpokenPage> {
    const number = Math.floor(Math.max(0, ms) / PAGE_MS);
    let page = this.pages.get(number);
    if (!page) {
      page = this.ask(number * PAGE_MS, (number + 1) * PAGE_MS);
      page.catch(() => this.pages.delete(number));
      this.pages.set(number, page);
    }
    return page;
  }
}
