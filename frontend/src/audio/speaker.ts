import type { Surroundings } from "../net/lasting-socket";
import type { CapturedFrame } from "./framer";
import type { StreamMemory } from "./stream-memory";
import { AudioUplink, type UplinkState } from "./uplink";

export interface SpeakerListener {
  changed(state: UplinkState): void;
  refused(code: number): void;
}

export interface SpeakerOptions {
  url: string;
  sampleRate: number;
  language: string;
  memory: StreamMemory;
  listener: SpeakerListener;
  around: Surroundings;
}

const FROZEN_MS = 1_500; // the computer slept: its samples stood still while the meeting went on

/** One microphone session: numbers what the microphone captures and sends it while the person is not muted. */
export class Speaker {
  private readonly uplink: AudioUplink;
  private base: number;
  private origin = 0;
  private next: number;
  private muted = false;
  private streamId: string;
  private lastCapturedAt: number | null = null;

  constructor(private readonly options: SpeakerOptions) {
    const { memory, around, sampleRate, listener } = options;
    const saved = memory.resume(around.now());
    const resumed = saved?.sampleRate === sampleRate ? saved : null;
    this.streamId = resumed?.streamId ?? "";
    this.base = this.next = resumed?.nextSample ?? 0;
    this.uplink = new AudioUplink(
      options.url,
      { streamId: this.streamId, sampleRate, language: options.language, firstSample: this.base },
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

  /** Takes the microphone's next frame; what is captured while muted only counts as time. */
  capture(frame: CapturedFrame): void {
    this.skipSleep(frame);
    const firstSample = this.base + frame.firstSample;
    this.next = firstSample + frame.pcm.length;
    if (this.muted) this.uplink.tick();
    else this.uplink.push({ firstSample, pcm: frame.pcm, capturedAt: frame.capturedAt });
    this.remember(frame.capturedAt);
  }

  mute(): void {
    if (this.muted) return;
    this.muted = true;
    this.uplink.stop(this.next);
  }

  unmute(): void {
    this.muted = false;
  }

  tick(): void {
    this.uplink.tick();
  }

  retryNow(): void {
    this.uplink.retryNow();
  }

  /** Leaves for good: the server may finish the last sentence. */
  leave(): void {
    this.mute();
    this.options.memory.forget();
    this.uplink.close();
  }

  /** Stops sending; a page that comes back goes on with the same stream. */
  close(): void {
    this.uplink.close();
  }

  private skipSleep(frame: CapturedFrame): void {
    const rate = this.options.sampleRate;
    if (this.lastCapturedAt !== null) {
      const frozenMs = frame.capturedAt - this.lastCapturedAt - (frame.pcm.length * 1_000) / rate;
      if (frozenMs > FROZEN_MS) this.base += Math.round((frozenMs * rate) / 1_000);
    }
    this.lastCapturedAt = frame.capturedAt;
  }

  private identified(streamId: string, origin: number): void {
    this.streamId = streamId;
    this.origin = origin;
  }

  private remember(at: number): void {
    if (this.streamId === "") return;
    const { memory, sampleRate } = this.options;
    memory.save({ streamId: this.streamId, sampleRate, nextSample: this.next - this.origin, at, muted: this.muted });
  }
}
