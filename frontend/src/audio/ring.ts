/** A frame with its place in the audio stream. */
export interface StreamFrame {
  firstSample: number;
  pcm: Int16Array;
  /** When its last sample was captured, in ms since the epoch. */
  capturedAt: number;
}

/** Audio that the server has not acknowledged, oldest first. Beyond its bound the oldest is given up (a gap). */
export class AudioRing {
  private held: StreamFrame[] = [];
  private samples = 0;

  constructor(
    private readonly capacitySamples: number,
    private end = 0,
  ) {}

  get frames(): readonly StreamFrame[] {
    return this.held;
  }

  get heldSamples(): number {
    return this.samples;
  }

  /** The first sample held; where the next frame will be when nothing is. */
  get start(): number {
    return this.held[0]?.firstSample ?? this.end;
  }

  push(frame: StreamFrame): void {
    this.held.push(frame);
    this.samples += frame.pcm.length;
    this.end = endOf(frame);
    this.keepNewest(this.capacitySamples);
  }

  keepNewest(samples: number): void {
    while (this.samples > samples && this.held.length > 1) this.samples -= this.held.shift()?.pcm.length ?? 0;
  }

  /** Forgets the frames that lie wholly before `sample`. */
  release(sample: number): void {
    const keep = this.held.findIndex((frame) => endOf(frame) > sample);
    this.held = keep < 0 ? [] : this.held.slice(keep);
    this.samples = this.held.reduce((sum, frame) => sum + frame.pcm.length, 0);
  }

  /** The first frame that has audio at or after `sample`. */
  next(sample: number): StreamFrame | undefined {
    return this.held.find((frame) => endOf(frame) > sample);
  }
}

export function endOf(frame: StreamFrame): number {
  return frame.firstSample + frame.pcm.length;
}
