import { Controller } from "@hotwired/stimulus";
import type { CapturedFrame } from "../audio/framer";
import { meterLevel, SPEAKING_LEVEL } from "../audio/loudness";
import { MicrophoneError, mayRecord, type OpenMicrophone, openMicrophone, whenDenied } from "../audio/microphone";
import { MicrophoneWatch } from "../audio/microphone-watch";
import { Speaker, type Unfinished } from "../audio/speaker";
import { type AudioSpool, openSpool } from "../audio/spool";
import { StreamMemory } from "../audio/stream-memory";
import type { UplinkState } from "../audio/uplink";
import { browserSurroundings, socketUrl } from "../net/browser";
import type { Surroundings } from "../net/lasting-socket";
import { CLOSE } from "../protocol";
import { announce, type MicrophoneState, type RecordChanged, type RoomChanged } from "../room/events";
import { rememberedLanguage, rememberedSound } from "../room/sound-choice";

/** The microphone button: joins, mutes and unmutes; shows the level; explains what is wrong. */
export class MicrophoneController extends Controller<HTMLElement> {
  static targets = ["label", "problem", "level", "device"];
  static values = { url: String, code: String, you: String, language: String, worklet: String, state: String };
  /** Replaced in tests. */
  static around: Surroundings = browserSurroundings;
  static open: typeof openMicrophone = openMicrophone;
  static openSpool: () => Promise<AudioSpool> = openSpool;
  declare labelTargets: HTMLElement[];
  declare problemTargets: HTMLElement[];
  declare levelTarget: HTMLElement;
  declare deviceTarget: HTMLElement;
  declare urlValue: string;
  declare codeValue: string;
  declare youValue: string;
  declare languageValue: string;
  declare workletValue: string;
  declare stateValue: MicrophoneState;
  private memory!: StreamMemory;
  private spool!: AudioSpool;
  private restored!: Promise<void>;
  private microphone: OpenMicrophone | null = null;
  private speaker: Speaker | null = null;
  private uplink: UplinkState | null = null;
  private watch = new MicrophoneWatch();
  private problem: string | null = null;
  /** The person was speaking when the microphone went away: another one is taken as soon as there is one. */
  private wantsMicrophone = false;
  private closed = false;
  private readonly devicesChanged = () => void this.recover();
  private offRecord = false;
  private changing: Promise<void> = Promise.resolve();

  connect(): void {
    this.memory = new StreamMemory(this.codeValue, window.sessionStorage);
    this.restored = this.restore();
    void this.goOnAfterReload();
    navigator.mediaDevices?.addEventListener("devicechange", this.devicesChanged);
    void whenDenied(() => this.microphone && this.giveUpMicrophone("denied"));
  }

  disconnect(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.devicesChanged);
    this.save();
    this.stop();
  }

  // ── What the person does ──────────────────────────────────────────────────────────────────────────────────────────

  toggle(): void {
    if (this.closed || this.stateValue === "asking") return;
    if (this.microphone?.isSuspended()) this.wake();
    else if (this.stateValue === "on") this.mute();
    else if (this.stateValue === "muted") this.unmute();
    else void this.join();
  }

  /** The page is left on purpose: the last sentence may be finished at once. */
  leaving(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    if (form.method !== "post") return;
    this.speaker?.leave();
    this.stop();
  }

  /** Another microphone was chosen: the stream goes on with it, and stays muted if it was. */
  change(): void {
    this.changing = this.changing.then(() => this.reopen());
  }

  private async reopen(): Promise<void> {
    if (!this.microphone) return;
    const muted = this.stateValue === "muted";
    this.speaker?.mute();
    this.closeMicrophone();
    await this.join();
    if (muted && this.microphone) this.mute();
  }

  /** Turns the microphone off; one that is off stays off. */
  silence(): void {
    if (this.stateValue === "on") this.mute();
  }

  // ── What the page tells ───────────────────────────────────────────────────────────────────────────────────────────

  /** The meeting is over for this page. */
  close(): void {
    if (this.closed) return;
    this.speaker?.forget();
    this.memory.forget();
    this.goAway();
  }

  /** The page may be about to go: what the server does not have yet must outlive it. */
  save(): void {
    this.speaker?.save();
  }

  /** The person spoke for long, and no words were found in it. */
  wordsMissed(): void {
    if (this.stateValue === "on") this.explain("wordless");
  }

  /** Their words are found again. */
  understood(event: RoomChanged): void {
    if (this.problem === "wordless" && event.detail.final?.participant_id === this.youValue) this.explain(null);
  }

  /** Off the record nothing is sent; the others go on hearing each other. */
  record(event: RecordChanged): void {
    this.offRecord = event.detail.off;
    this.applyRecord();
  }

  private applyRecord(): void {
    if (this.offRecord) this.speaker?.mute();
    else if (this.stateValue === "on") this.speaker?.unmute();
  }

  tick(): void {
    this.speaker?.tick();
    this.tell();
    this.noticeStalled();
  }

  online(): void {
    this.speaker?.retryNow();
  }

  stateValueChanged(): void {
    for (const label of this.labelTargets) label.hidden = label.dataset.state !== this.stateValue;
  }

  // ── The microphone ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what an earlier page of this tab kept, also when no microphone is opened now. */
  private async restore(): Promise<void> {
    this.spool = await MicrophoneController.openSpool();
    const position = this.memory.resume(MicrophoneController.around.now());
    if (!position) return;
    const frames = await this.spool.read(position.streamId);
    if (frames.length === 0 || this.closed) return;
    this.speaker = this.newSpeaker(position.sampleRate, { position, frames });
    this.tell();
  }

  private async goOnAfterReload(): Promise<void> {
    const saved = this.memory.resume(MicrophoneController.around.now());
    if (!saved || saved.muted || !(await mayRecord())) return;
    await this.join();
    if (this.microphone?.isSuspended()) this.explain("suspended");
  }

  private async join(): Promise<void> {
    this.explain(null);
    this.become("asking");
    try {
      this.microphone = await MicrophoneController.open({
        workletUrl: this.workletValue,
        deviceId: rememberedSound(localStorage).microphone,
        onFrame: (frame) => this.captured(frame),
        onLost: () => this.lost(),
      });
    } catch (error) {
      this.become("off");
      if (!(error instanceof MicrophoneError)) throw error;
      this.explain(error.problem);
      return;
    }
    await this.restored;
    this.wantsMicrophone = false;
    this.watch = new MicrophoneWatch();
    this.begin(this.microphone.sampleRate);
    announce("microphone:media", { media: this.microphone.media });
  }

  private begin(sampleRate: number): void {
    if (this.speaker?.sampleRate !== sampleRate) {
      this.speaker?.close();
      this.speaker = this.newSpeaker(sampleRate, this.streamToGoOnWith(sampleRate));
    }
    this.speaker.begin();
    this.become("on");
    this.applyRecord();
  }

  /** A stream has one rate: another microphone may need another stream. */
  private streamToGoOnWith(sampleRate: number): Unfinished | null {
    const position = this.memory.resume(MicrophoneController.around.now());
    return position?.sampleRate === sampleRate ? { position, frames: [] } : null;
  }

  private newSpeaker(sampleRate: number, unfinished: Unfinished | null): Speaker {
    const options = {
      url: socketUrl(this.urlValue),
      sampleRate,
      language: rememberedLanguage(localStorage, this.codeValue) ?? this.languageValue,
      shared: rememberedSound(localStorage).shared,
      memory: this.memory,
      spool: this.spool,
      around: MicrophoneController.around,
      listener: {
        changed: (state: UplinkState) => this.uplinkChanged(state),
        refused: (code: number) => this.refused(code),
      },
    };
    return new Speaker(options, unfinished);
  }

  private captured(frame: CapturedFrame): void {
    this.speaker?.capture(frame);
    this.levelTarget.style.setProperty("--level", meterLevel(frame.level).toFixed(3));
    const speaking = this.stateValue === "on" && frame.level > SPEAKING_LEVEL;
    announce("microphone:heard", { speaking });
    this.judge(frame.level);
  }

  /** Tells the person about a microphone that gives nothing, or one that is muted while they talk. */
  private judge(level: number): void {
    const hint =
      this.stateValue === "muted"
        ? this.watch.overheard(this.microphone?.overheardLevel() ?? 0)
        : this.watch.heard(level);
    const shown = this.problem === "silent" || this.problem === "talking" ? this.problem : null;
    if (hint !== shown) this.explain(hint);
  }

  private mute(): void {
    this.microphone?.setMuted(true);
    this.speaker?.mute();
    if (this.problem === "wordless") this.explain(null);
    this.become("muted");
  }

  private unmute(): void {
    this.microphone?.setMuted(false);
    this.become("on");
    this.applyRecord();
  }

  private wake(): void {
    this.microphone?.wake();
    this.explain(null);
  }

  /** The device was unplugged, or the browser took it. */
  private lost(): void {
    this.wantsMicrophone = this.stateValue === "on";
    this.giveUpMicrophone("lost");
    void this.recover();
  }

  /** What was said before is still sent. */
  private giveUpMicrophone(problem: string): void {
    this.speaker?.mute();
    this.closeMicrophone();
    this.explain(problem);
  }

  /** Goes on with whatever microphone there is now, where the browser need not ask. */
  private async recover(): Promise<void> {
    if (this.closed || !this.wantsMicrophone || this.stateValue !== "off" || !(await mayRecord())) return;
    await this.join();
    if (!this.microphone) return;
    this.deviceTarget.textContent = this.microphone.label;
    this.explain("switched");
  }

  /** After a sleep, or when another program took the sound card, the audio graph may stand still. */
  private noticeStalled(): void {
    if (!this.microphone) return;
    const rescue = this.watch.tick();
    if (rescue === "wake") this.microphone.wake();
    else if (rescue === "reopen" && this.microphone.isSuspended()) this.explain("suspended");
    else if (rescue === "reopen") this.lost();
  }

  private closeMicrophone(): void {
    if (this.microphone) announce("microphone:media", { media: null });
    this.microphone?.close();
    this.microphone = null;
    this.levelTarget.style.setProperty("--level", "0");
    this.become("off");
  }

  private stop(): void {
    this.speaker?.close();
    this.speaker = null;
    this.uplink = null;
    this.closeMicrophone();
  }

  private goAway(): void {
    this.closed = true;
    this.stop();
    this.element.hidden = true;
  }

  // ── Telling ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private uplinkChanged(state: UplinkState): void {
    this.uplink = state;
    this.tell();
  }

  private refused(code: number): void {
    announce("microphone:refused", { code });
    if (code === CLOSE.superseded) this.giveWay();
    else this.close();
  }

  /** Another tab speaks for the person; when it goes on here instead, it goes on with what is kept. */
  private giveWay(): void {
    this.save();
    this.goAway();
  }

  private become(state: MicrophoneState): void {
    this.stateValue = state;
    this.tell();
  }

  private tell(): void {
    const keptSeconds = this.speaker?.keptSeconds ?? 0;
    announce("microphone:changed", { state: this.stateValue, uplink: this.uplink, keptSeconds });
  }

  private explain(problem: string | null): void {
    this.problem = problem;
    for (const text of this.problemTargets) text.hidden = text.dataset.problem !== problem;
  }
}
