/** A stretch of the microphone's audio, numbered by sample from the start of the capture. */
export interface CapturedFrame {
  firstSample: number;
  pcm: Int16Array;
  /** Loudness of the frame as root mean square, 0…1. */
  level: number;
  /** When its last sample was captured, in ms since the epoch. */
  capturedAt: number;
}

/** Cuts the audio graph's blocks of 128 samples into frames of PCM16. */
export class Framer {
  private filled = 0;
  private firstSample = 0;
  private squares = 0;
  private pcm: Int16Array;

  constructor(private readonly frameSamples: number) {
    this.pcm = new Int16Array(frameSamples);
  }

  /** Adds samples in [-1, 1] and returns the frames that they complete. */
  push(block: Float32Array, now: number): CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    for (const sample of block) {
      const value = clamped(sample);
      this.squares += value * value;
      this.pcm[this.filled++] = Math.round(value < 0 ? value * 0x8000 : value * 0x7fff);
      if (this.filled === this.frameSamples) frames.push(this.take(now));
    }
    return frames;
  }

  private take(now: number): CapturedFrame {
    const level = Math.sqrt(this.squares / this.frameSamples);
    const frame = { firstSample: this.firstSample, pcm: this.pcm, level, capturedAt: now };
    this.firstSample += this.frameSamples;
    this.pcm = new Int16Array(this.frameSamples);
    this.filled = 0;
    this.squares = 0;
    return frame;
  }
}

function clamped(sample: number): number {
  return Number.isNaN(sample) ? 0 : Math.max(-1, Math.min(1, sample));
}
