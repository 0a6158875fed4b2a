import type { StreamFrame } from "../audio/ring";
import type { AudioSpool } from "../audio/spool";

/** A disk that a test can look at. */
export class FakeSpool implements AudioSpool {
  private readonly streams = new Map<string, StreamFrame[]>();

  framesOf(streamId: string): StreamFrame[] {
    return this.streams.get(streamId) ?? [];
  }

  async read(streamId: string): Promise<StreamFrame[]> {
    return this.framesOf(streamId);
  }

  write(streamId: string, frames: readonly StreamFrame[]): void {
    this.streams.set(streamId, [...this.framesOf(streamId), ...frames]);
  }

  release(streamId: string, sample: number): void {
    const kept = this.framesOf(streamId).filter((frame) => frame.firstSample >= sample);
    this.streams.set(streamId, kept);
  }

  forget(streamId: string): void {
    this.streams.delete(streamId);
  }
}
