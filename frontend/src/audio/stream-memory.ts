/** Where a stream stood when this page last captured audio for it. */
export interface StreamPosition {
  streamId: string;
  sampleRate: number;
  /** The first sample not captured yet, in the stream's numbering. */
  nextSample: number;
  /** When that was, in ms since the epoch. */
  at: number;
  /** The person had muted the microphone. */
  muted: boolean;
  /** Where the person muted, of audio that the server does not have yet. */
  stops: readonly number[];
}

const OUTDATED_MS = 3_600_000;

/** Lets a reloaded page go on with its audio stream: kept per tab and meeting. */
export class StreamMemory {
  private readonly key: string;

  constructor(
    meetingCode: string,
    private readonly storage: Storage,
  ) {
    this.key = `stream:${meetingCode}`;
  }

  save(position: StreamPosition): void {
    this.storage.setItem(this.key, JSON.stringify(position));
  }

  forget(): void {
    this.storage.removeItem(this.key);
  }

  /** The stream to go on with at `now`, moved forward by the time nothing was captured; null for none. */
  resume(now: number): StreamPosition | null {
    const text = this.storage.getItem(this.key);
    if (text === null) return null;
    const saved = JSON.parse(text) as StreamPosition;
    const elapsed = now - saved.at;
    if (elapsed < 0 || elapsed > OUTDATED_MS) return null;
    const nextSample = saved.nextSample + Math.round((elapsed * saved.sampleRate) / 1_000);
    return { ...saved, nextSample, at: now };
  }
}
