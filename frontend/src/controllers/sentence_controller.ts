import { Controller } from "@hotwired/stimulus";
import type { MicrophoneHeardInLobby } from "../room/events";
import { understood } from "../room/soundcheck";

const SECONDS = 4;

/** The lobby's test sentence: four seconds of speech come back as the caption that the others would read. */
export class SentenceController extends Controller<HTMLElement> {
  static targets = ["button", "state", "text", "language", "progress"];
  static values = { url: String };
  /** Replaced in tests. */
  static understood: typeof understood = understood;
  declare buttonTarget: HTMLButtonElement;
  declare stateTargets: HTMLElement[];
  declare textTarget: HTMLElement;
  declare languageTarget: HTMLSelectElement;
  declare progressTarget: HTMLProgressElement;
  declare urlValue: string;
  private sound: Int16Array<ArrayBuffer>[] | null = null;

  /** What the microphone hears from now on is the sentence. */
  record(): void {
    this.sound = [];
    this.buttonTarget.disabled = true;
    this.show("recording");
  }

  heard(event: MicrophoneHeardInLobby): void {
    if (!this.sound) return;
    const { frame, sampleRate } = event.detail;
    this.sound.push(frame.pcm as Int16Array<ArrayBuffer>);
    const samples = this.sound.reduce((sum, pcm) => sum + pcm.length, 0);
    this.progressTarget.value = samples / sampleRate / SECONDS;
    if (samples >= SECONDS * sampleRate) void this.send(this.sound, sampleRate);
  }

  /** The microphone went away in the middle of it. */
  stop(): void {
    if (!this.sound) return;
    this.sound = null;
    this.buttonTarget.disabled = false;
    this.show("");
  }

  private async send(sound: Int16Array<ArrayBuffer>[], sampleRate: number): Promise<void> {
    this.sound = null;
    this.show("waiting");
    const token = this.element.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    const language = this.languageTarget.value;
    const verdict = await SentenceController.understood(this.urlValue, token, new Blob(sound), sampleRate, language);
    this.buttonTarget.disabled = false;
    if (verdict.state === "understood") this.textTarget.textContent = verdict.text;
    this.show(verdict.state);
  }

  private show(state: string): void {
    for (const element of this.stateTargets) element.hidden = element.dataset.state !== state;
    this.progressTarget.hidden = state !== "recording";
  }
}
