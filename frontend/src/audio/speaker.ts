import type { Surroundings } from "../net/lasting-socket";
import type { CapturedFrame } from "./framer";
import type { StreamFrame } from "./ring";
import { SafeCopy } from "./safe-copy";
import type { AudioSpool } from "./spool";
import type { StreamMemory, StreamPosition } from "./stream-memory";
import { AudioUplink, type UplinkState } from "./uplink";

export interface SpeakerListener {
  changed(state: UplinkState): void;
  refused(code: number): void;
}

export interface SpeakerOptions {
  url: string;
  sampleRate: number;
  language: string;
  shared: boolean;
  memory: StreamMemory;
  spool: AudioSpool;
  listener: SpeakerListener;
  around: Surroundings;
}

/** A stream that an earlier page began, and its audio that the server does not have yet. */
export interface Unfinished {
  position: StreamPosition;
  frames: readonly StreamFrame[];
}

const FROZEN_MS = 1_500; // the computer slept: its samples stood still while the meeting went on

/**
 * One person's audio stream, with or without a microphone open: numbers what the microphone captures, sends it while
 * the person is not muted, and keeps what cannot be sent yet.
 */
export class Speaker {
  readonly sampleRate: number;
  private readonly uplink: AudioUplink;
  private readonly copy: SafeCopy;
  private base: number;
  private origin = 0;
  private next: number;
  /** The time that belongs to `next`, in ms since the epoch. */
  private at: number;
  private muted = true;
  private streamId = "";
  private lastCapturedAt: number | null = null;

  constructor(
    private readonly options: SpeakerOptions,
    unfinished: Unfinished | null = null,
  ) {
    const { url, around, sampleRate, language, shared, listener } = options;
    this.sampleRate = sampleRate;
    this.copy = new SafeCopy(options.spool);
    this.base = this.next = unfinished?.position.nextSample ?? 0;
    this.at = around.now();
    if (unfinished) this.goOnWith(unfinished);
    const kept = { frames: unfinished?.frames ?? [], stops: unfinished?.position.stops ?? [] };
    this.uplink = new AudioUplink(
      url,
      { streamId: this.streamId, sampleRate, language, shared, firstSample: this.base, kept },
      {
        changed: (state) => listener.changed(state),
        identified: (streamId, origin) => this.identified(streamId, origin),
        refused: (code) => listener.refused(code),
      },
      around,
    );
    this.uplink.open();
  }

  get keptSeconds(): number {
    return this.uplink.keptSeconds;
  }

  /** A microphone was opened, whose frames are numbered from 0: they go on where the time is now. */
  begin(): void {
    const now = this.options.around.now();
    this.base = this.next + Math.max(0, this.samples(now - this.at));
    this.lastCapturedAt = null;
    this.muted = false;
  }

  /** Takes the microphone's next frame; what is captured while muted only counts as time. */
  capture(frame: CapturedFrame): void {
    this.skipSleep(frame);
    const firstSample = this.base + frame.firstSample;
    this.next = firstSample + frame.pcm.length;
    this.at = frame.capturedAt;
    if (!this.muted) this.uplink.push({ firstSample, pcm: frame.pcm, capturedAt: frame.capturedAt });
    this.tick();
  }

  mute(): void {
    if (this.muted) return;
    this.muted = true;
    this.uplink.stop(this.next);
    this.tick();
  }

  unmute(): void {
    this.muted = false;
  }

  tick(): void {
    this.uplink.tick();
    this.copy.follow(this.uplink.kept.frames, this.options.around.now());
    this.remember();
  }

  retryNow(): void {
    this.uplink.retryNow();
  }

  /** Leaves for good: the server may finish the last sentence. */
  leave(): void {
    this.mute();
    this.forget();
    this.uplink.close();
  }

  /** Nothing of this stream is wanted any more. */
  forget(): void {
    this.options.memory.forget();
    this.copy.forget();
  }

  /** The page may go away: what is not sent goes to the disk. */
  save(): void {
    this.copy.flush(this.uplink.kept.frames);
  }

  /** Stops sending; a page that comes back goes on with the same stream. */
  close(): void {
    this.uplink.close();
  }

  private goOnWith(unfinished: Unfinished): void {
    this.identified(unfinished.position.streamId, 0);
    this.copy.restored(unfinished.frames);
  }

  private skipSleep(frame: CapturedFrame): void {
    if (this.lastCapturedAt !== null) {
      const frozenMs = frame.capturedAt - this.lastCapturedAt - (frame.pcm.length * 1_000) / this.sampleRate;
      if (frozenMs > FROZEN_MS) this.base += this.samples(frozenMs);
    }
    this.lastCapturedAt = frame.capturedAt;
  }

  private samples(ms: number): number {
    return Math.round((ms * this.sampleRate) / 1_000);
  }

  private identified(streamId: string, origin: number): void {
    this.streamId = streamId;
    this.origin = origin;
    this.copy.identify(streamId, origin);
  }

  private remember(): void {
    if (this.streamId === "") return;
    const { memory, sampleRate } = this.options;
    const stops = this.uplink.kept.stops.map((sample) => sample - this.origin);
    const nextSample = this.next - this.origin;
    memory.save({ streamId: this.streamId, sampleRate, nextSample, at: this.at, muted: this.muted, stops });
  }
}
