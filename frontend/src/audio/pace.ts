const BURST_SECONDS = 80;
const REAL_TIME_FACTOR = 7;

/**
 * How fast one connection may send what was kept: a token bucket in seconds of audio, a little below what the server
 * takes (meetings/consumers/audio.py), so that it has no cause to hold the live audio behind it.
 */
export class Pace {
  private seconds = BURST_SECONDS;

  constructor(private at: number) {}

  take(seconds: number, now: number): boolean {
    this.seconds = Math.min(BURST_SECONDS, this.seconds + ((now - this.at) / 1_000) * REAL_TIME_FACTOR);
    this.at = now;
    if (this.seconds < seconds) return false;
    this.seconds -= seconds;
    return true;
  }
}
