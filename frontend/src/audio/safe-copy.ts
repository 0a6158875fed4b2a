import { endOf, type StreamFrame } from "./ring";
import type { AudioSpool } from "./spool";

const WAITS_MS = 1_500; // audio that the server takes is acknowledged sooner, and never gets to the disk
const RELEASE_SAMPLES = 16_000; // forgets acknowledged audio a second at a time

/** Keeps a copy on disk of audio that waits for the server, so that it survives the page. */
export class SafeCopy {
  private streamId = "";
  private origin = 0;
  private writtenTo = 0;
  private releasedTo = 0;

  constructor(private readonly spool: AudioSpool) {}

  /** What follows belongs to this stream, whose sample 0 is `origin` in the frames' numbering. */
  identify(streamId: string, origin: number): void {
    if (this.streamId !== "" && this.streamId !== streamId) this.spool.forget(this.streamId);
    this.streamId = streamId;
    this.origin = origin;
    this.writtenTo = this.releasedTo = origin;
  }

  /** These frames came from the disk. */
  restored(frames: readonly StreamFrame[]): void {
    const last = frames.at(-1);
    if (last) this.writtenTo = endOf(last);
  }

  /** `waiting` is all that is not acknowledged now, oldest first. */
  follow(waiting: readonly StreamFrame[], now: number): void {
    if (this.streamId === "") return;
    this.release(waiting[0]?.firstSample ?? this.writtenTo);
    const fresh = this.unwritten(waiting);
    if (fresh[0] && now - fresh[0].capturedAt >= WAITS_MS) this.write(fresh);
  }

  /** The page may be about to go: writes all that is not on disk yet. */
  flush(waiting: readonly StreamFrame[]): void {
    const fresh = this.unwritten(waiting);
    if (this.streamId !== "" && fresh.length > 0) this.write(fresh);
  }

  /** Nothing of this stream is wanted any more. */
  forget(): void {
    if (this.streamId !== "") this.spool.forget(this.streamId);
  }

  private unwritten(waiting: readonly StreamFrame[]): readonly StreamFrame[] {
    let from = waiting.length;
    while (from > 0 && (waiting[from - 1]?.firstSample ?? 0) >= this.writtenTo) from--;
    return waiting.slice(from);
  }

  private write(frames: readonly StreamFrame[]): void {
    const numbered = frames.map((frame) => ({ ...frame, firstSample: frame.firstSample - this.origin }));
    this.spool.write(this.streamId, numbered);
    this.restored(frames);
  }

  private release(start: number): void {
    if (this.releasedTo >= this.writtenTo) return; // nothing is on disk
    if (start < this.writtenTo && start < this.releasedTo + RELEASE_SAMPLES) return;
    this.releasedTo = start;
    this.spool.release(this.streamId, start - this.origin);
  }
}
