/** A frame with its place in the audio stream. */
export interface StreamFrame {
  firstSample: number;
  pcm: Int16Array;
  /** When its last sample was captured, in ms since the epoch. */
  capturedAt: number;
}

/** Audio that the server has not acknowledged, oldest first. Beyond its bound the oldest is given up (a gap). */
export class AudioRing {
  private frames: StreamFrame[] = [];

  constructor(
    private readonly capacitySamples: number,
    private end = 0,
  ) {}

  get heldSamples(): number {
    return this.frames.reduce((sum, frame) => sum + frame.pcm.length, 0);
  }

  /** The first sample held; where the next frame will be when nothing is. */
  get start(): number {
    return this.frames[0]?.firstSample ?? this.end;
  }

  push(frame: StreamFrame): void {
    this.frames.push(frame);
    this.end = endOf(frame);
    this.keepNewest(this.capacitySamples);
  }

  keepNewest(samples: number): void {
    let held = this.heldSamples;
    while (held > samples && this.frames.length > 1) held -= this.frames.shift()?.pcm.length ?? 0;
  }

  /** Forgets the frames that lie wholly before `sample`. */
  release(sample: number): void {
    const keep = this.frames.findIndex((frame) => endOf(frame) > sample);
    this.frames = keep < 0 ? [] : this.frames.slice(keep);
  }

  /** The first frame that has audio at or after `sample`. */
  next(sample: number): StreamFrame | undefined {
    return this.frames.find((frame) => endOf(frame) > sample);
  }
}

export function endOf(frame: StreamFrame): number {
  return frame.firstSample + frame.pcm.length;
}
