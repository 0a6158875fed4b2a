import { Controller } from "@hotwired/stimulus";
import { type SpokenPage, SpokenWords } from "../review/spoken-words";
import { offsetAt, rangeOf } from "../review/text-place";
import { clock } from "../room/clock";
import { isTurnedOff } from "../room/letter-keys";

const BACK_MS = 3_000;
const HIGHLIGHT = "spoken";
const FORGET_MS = 10_000; // corrections move words
const NEAR = 300; // px from the window's edge within which the line that is heard is brought back to the middle

/** Plays the kept audio beside the transcript: a click on a word is heard, and the word that is heard is shown. */
export class PlayerController extends Controller<HTMLElement> {
  static targets = ["audio", "toggle", "time", "position", "speed", "skip", "follow", "problem", "lines"];
  static values = { words: String };
  declare audioTarget: HTMLAudioElement;
  declare toggleTarget: HTMLButtonElement;
  declare timeTarget: HTMLElement;
  declare positionTarget: HTMLInputElement;
  declare speedTarget: HTMLSelectElement;
  declare skipTarget: HTMLInputElement;
  declare followTarget: HTMLInputElement;
  declare problemTarget: HTMLElement;
  declare linesTarget: HTMLElement;
  declare hasAudioTarget: boolean;
  declare wordsValue: string;
  private readonly spoken = new SpokenWords((from, to) => this.ask(from, to));
  private forgottenAt = 0;
  private heard: HTMLElement | null = null;
  private frame = 0;
  private until: number | null = null; // where a clip ends

  disconnect(): void {
    cancelAnimationFrame(this.frame);
    if (this.hasAudioTarget) this.audioTarget.pause();
  }

  // ── What people do ────────────────────────────────────────────────────────────────────────────────────────────────

  toggle(): void {
    if (this.audioTarget.paused) this.play();
    else this.audioTarget.pause();
  }

  back(): void {
    this.seek(Math.max(0, this.nowMs - BACK_MS));
  }

  slide(): void {
    this.seek(Number(this.positionTarget.value));
  }

  /** Another voice goes on at the same place: until it is loaded, `currentTime` is where it will begin. */
  choosePerson(event: Event): void {
    const seconds = this.audioTarget.currentTime;
    const wasPlaying = !this.audioTarget.paused;
    this.audioTarget.src = (event.target as HTMLSelectElement).value;
    this.audioTarget.currentTime = seconds;
    if (wasPlaying) this.play();
  }

  /** Also of what is loaded later: a new `src` goes back to the default. */
  changeSpeed(): void {
    this.audioTarget.defaultPlaybackRate = this.audioTarget.playbackRate = Number(this.speedTarget.value);
  }

  pressed(event: KeyboardEvent): void {
    if (!this.hasAudioTarget || isTurnedOff(event)) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const writing = target.closest("textarea, input:not([type=checkbox], [type=range])") !== null;
    if (
      event.altKey ||
      event.metaKey ||
      event.ctrlKey !== writing ||
      target.closest("dialog, button, select, a, input[type=checkbox]")
    )
      return;
    if (event.key === " ") this.toggle();
    else if (event.key.toLowerCase() === "b") this.back();
    else return;
    event.preventDefault();
  }

  /** A click on a word plays from there; on the rest of the line, from its start. */
  async hear(event: MouseEvent): Promise<void> {
    const target = event.target as Element;
    const line = target.closest<HTMLElement>("[data-start]");
    if (
      !this.hasAudioTarget ||
      !line ||
      event.shiftKey ||
      target.closest("form, button") ||
      !getSelection()?.isCollapsed
    )
      return;
    const start = Number(line.dataset.start);
    const text = target.closest("[data-slot=text]");
    const offset = text && offsetAt(text, event.clientX, event.clientY);
    const word = offset === null ? null : await this.spoken.startOf(Number(line.dataset.sequence), offset, start);
    this.seek(word ?? start);
    this.play();
  }

  /** A button's stretch of the audio, and no more. */
  hearClip({ params }: { params: { start: number; end: number } }): void {
    this.seek(params.start);
    this.until = params.end;
    this.play();
  }

  /** A line was chosen by key: it is what is heard next. */
  chosen(event: FocusEvent): void {
    const line = (event.target as Element).closest<HTMLElement>("[data-start]");
    if (!this.hasAudioTarget || !line || line !== event.target || line === this.heard) return;
    this.seek(Number(line.dataset.start));
  }

  // ── What the audio does ───────────────────────────────────────────────────────────────────────────────────────────

  started(): void {
    this.showPlaying(true);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.tick());
  }

  stopped(): void {
    this.until = null;
    this.showPlaying(false);
    cancelAnimationFrame(this.frame);
  }

  async moved(): Promise<void> {
    const ms = this.nowMs;
    this.timeTarget.textContent = clock(ms);
    this.positionTarget.value = String(ms);
    this.positionTarget.ariaValueText = clock(ms);
    if (Date.now() - this.forgottenAt > FORGET_MS) this.forget();
    try {
      await this.skipSilence(ms);
      this.show(await this.spoken.at(ms));
      this.problemTarget.hidden = true;
    } catch {
      this.problemTarget.hidden = false; // the audio goes on without its words
    }
  }

  failed(): void {
    this.problemTarget.hidden = false;
    this.showPlaying(false);
  }

  private tick(): void {
    void this.moved();
    if (this.until !== null && this.nowMs >= this.until) this.audioTarget.pause();
    if (!this.audioTarget.paused) this.frame = requestAnimationFrame(() => this.tick());
  }

  private play(): void {
    this.audioTarget.play().catch(() => this.failed());
  }

  private get nowMs(): number {
    return Math.round(this.audioTarget.currentTime * 1_000);
  }

  private seek(ms: number): void {
    this.until = null;
    this.audioTarget.currentTime = ms / 1_000;
    void this.moved();
  }

  private async skipSilence(ms: number): Promise<void> {
    if (!this.skipTarget.checked || this.audioTarget.paused || this.audioTarget.seeking) return;
    const next = await this.spoken.afterSilence(ms);
    if (next !== null && !this.audioTarget.paused && this.nowMs < next) this.audioTarget.currentTime = next / 1_000;
  }

  // ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────

  private show(words: Array<{ sequence: number; word: [number, number, number, number] }>): void {
    const ranges = words.flatMap(({ sequence, word }) => {
      const text = this.line(sequence)?.querySelector("[data-slot=text]");
      const range = text && rangeOf(text, word[0], word[1]);
      return range ? [range] : [];
    });
    if ("highlights" in CSS) CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
    const line = words[0] && this.line(words[0].sequence);
    if (line && line !== this.heard) this.showLine(line);
  }

  private showLine(line: HTMLElement): void {
    this.heard?.classList.remove("is-heard");
    line.classList.add("is-heard");
    this.heard = line;
    const { top, bottom } = line.getBoundingClientRect();
    const near = top < NEAR || bottom > window.innerHeight - NEAR;
    if (this.followTarget.checked && near && !this.audioTarget.paused) line.scrollIntoView({ block: "center" });
  }

  private line(sequence: number): HTMLElement | null {
    return this.linesTarget.querySelector(`[data-sequence="${sequence}"]`);
  }

  private showPlaying(playing: boolean): void {
    this.toggleTarget.ariaPressed = String(playing);
  }

  private forget(): void {
    this.forgottenAt = Date.now();
    this.spoken.forget();
  }

  private async ask(from: number, to: number): Promise<SpokenPage> {
    const answer = await fetch(`${this.wordsValue}?from=${from}&to=${to}`);
    if (!answer.ok) throw new Error(`words: ${answer.status}`);
    return answer.json() as Promise<SpokenPage>;
  }
}
