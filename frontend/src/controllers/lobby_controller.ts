import { Controller } from "@hotwired/stimulus";
import type { CapturedFrame } from "../audio/framer";
import { meterLevel } from "../audio/loudness";
import { MicrophoneError, type OpenMicrophone, openMicrophone } from "../audio/microphone";
import { offerDevices } from "../room/devices";
import { announce } from "../room/events";
import {
  rememberedLanguage,
  rememberedSound,
  rememberLanguage,
  rememberSound,
  usualLanguage,
} from "../room/sound-choice";

const HEARD_LEVEL = 0.02;
const HEARD_FRAMES = 3; // 300 ms: a knock on the desk is shorter
const TONE_SECONDS = 0.6;
const NAME_KEY = "name";
const AGREED = "yes";

/** The lobby before a room: name, consent, devices with a live level, language; all remembered for the next time. */
export class LobbyController extends Controller<HTMLFormElement> {
  static targets = [
    "name",
    "agreement",
    "enter",
    "check",
    "meter",
    "level",
    "said",
    "microphones",
    "microphone",
    "speakers",
    "speaker",
    "language",
    "shared",
    "captionsOnly",
  ];
  static values = { worklet: String, code: String, language: String, back: Boolean };
  /** Replaced in tests. */
  static open: typeof openMicrophone = openMicrophone;
  declare nameTarget: HTMLInputElement;
  declare hasNameTarget: boolean;
  declare agreementTargets: HTMLInputElement[];
  declare enterTarget: HTMLButtonElement;
  declare meterTarget: HTMLElement;
  declare levelTarget: HTMLElement;
  declare saidTargets: HTMLElement[];
  declare microphonesTarget: HTMLElement;
  declare microphoneTarget: HTMLSelectElement;
  declare speakersTarget: HTMLElement;
  declare speakerTarget: HTMLSelectElement;
  declare languageTarget: HTMLSelectElement;
  declare sharedTarget: HTMLInputElement;
  declare captionsOnlyTarget: HTMLInputElement;
  declare workletValue: string;
  declare codeValue: string;
  /** Of the meeting; empty finds it per speaker. */
  declare languageValue: string;
  /** They have been in this meeting: what they agreed to here is known. */
  declare backValue: boolean;
  private open: OpenMicrophone | null = null;
  private heardFrames = 0;
  /** A microphone that was asked for before the last stop is not wanted any more when it comes. */
  private stops = 0;
  private readonly plugged = () => void this.listDevices();

  connect(): void {
    const choice = rememberedSound(localStorage);
    this.sharedTarget.checked = choice.shared;
    this.captionsOnlyTarget.checked = choice.captionsOnly;
    const usual = this.languageValue || usualLanguage(localStorage);
    this.languageTarget.value = rememberedLanguage(localStorage, this.codeValue) ?? usual;
    if (this.hasNameTarget && this.nameTarget.value === "")
      this.nameTarget.value = localStorage.getItem(NAME_KEY) ?? "";
    if (!this.backValue)
      for (const box of this.agreementTargets) box.checked ||= localStorage.getItem(agreementKey(box)) === AGREED;
    const missing = Array.from(this.element.querySelectorAll("input")).find((field) => !field.validity.valid);
    (missing ?? this.enterTarget).focus();
    navigator.mediaDevices?.addEventListener("devicechange", this.plugged);
    void this.listDevices();
  }

  disconnect(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.plugged);
    this.stop();
  }

  /** Opens the chosen microphone and shows its level. */
  async listen(): Promise<void> {
    this.stop();
    this.heardFrames = 0;
    const { stops } = this;
    try {
      const opened = await LobbyController.open({
        workletUrl: this.workletValue,
        deviceId: this.microphone,
        onFrame: (frame) => this.heard(frame),
        onLost: () => this.lost("missing"),
      });
      if (stops !== this.stops) return opened.close();
      this.open = opened;
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      if (stops === this.stops)
        this.lost(["denied", "missing", "busy"].includes(error.problem) ? error.problem : "unavailable");
      return;
    }
    this.say("silent");
    await this.listDevices(); // their names are known only now
  }

  /** Plays a tone on the chosen loudspeaker. */
  async ring(): Promise<void> {
    const context = new AudioContext();
    const player = new Audio();
    const sink = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 523 });
    tone.connect(new GainNode(context, { gain: 0.2 })).connect(sink);
    player.srcObject = sink.stream;
    if (this.speakerTarget.value && "setSinkId" in player) await player.setSinkId(this.speakerTarget.value);
    tone.onended = () => void context.close();
    tone.start();
    tone.stop(context.currentTime + TONE_SECONDS);
    await player.play();
  }

  keep(): void {
    this.stop();
    rememberSound(localStorage, {
      microphone: this.microphone,
      speaker: this.speakerTarget.value || rememberedSound(localStorage).speaker,
      shared: this.sharedTarget.checked,
      captionsOnly: this.captionsOnlyTarget.checked,
    });
    rememberLanguage(localStorage, this.codeValue, this.languageTarget.value, this.languageValue);
    if (this.hasNameTarget) localStorage.setItem(NAME_KEY, this.nameTarget.value);
    for (const box of this.agreementTargets) localStorage.setItem(agreementKey(box), box.checked ? AGREED : "no");
  }

  /** The one chosen; the one of the last time where the browser names none before it is allowed. */
  private get microphone(): string {
    return this.microphoneTarget.value || rememberedSound(localStorage).microphone;
  }

  private heard(frame: CapturedFrame): void {
    this.show(frame.level);
    if (this.open) announce("lobby:heard", { frame, sampleRate: this.open.sampleRate });
  }

  private lost(why: string): void {
    this.say(why);
    announce("lobby:lost");
  }

  private show(level: number): void {
    const shown = meterLevel(level);
    this.levelTarget.style.setProperty("--level", shown.toFixed(3));
    this.meterTarget.ariaValueNow = String(Math.round(shown * 100));
    if (level > HEARD_LEVEL) this.heardFrames++;
    if (this.heardFrames === HEARD_FRAMES) this.say("heard");
  }

  private say(state: string): void {
    for (const text of this.saidTargets) text.hidden = text.dataset.state !== state;
  }

  private stop(): void {
    this.stops++;
    this.open?.close();
    this.open = null;
    this.levelTarget.style.setProperty("--level", "0");
  }

  private async listDevices(): Promise<void> {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const { microphone, speaker } = rememberedSound(localStorage);
    offerDevices(this.microphonesTarget, this.microphoneTarget, devices, "audioinput", microphone);
    offerDevices(this.speakersTarget, this.speakerTarget, devices, "audiooutput", speaker);
  }
}

function agreementKey(box: HTMLInputElement): string {
  return `agreed:${box.name}`;
}
