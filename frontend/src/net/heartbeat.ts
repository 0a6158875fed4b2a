const PING_EVERY_MS = 5_000;
const STALE_AFTER_MS = 2_000; // an answer takes milliseconds, or a round trip on a bad network
const SILENT_AFTER_MS = 15_000;
const LONGEST_ROUND_TRIP_MS = 60_000;

/** Says when to ping and when the other side has gone silent. It owns no timer: whoever runs calls `beat`. */
export class Heartbeat {
  private lastPingAt: number;
  private lastHeardAt: number;
  private echo = 0;
  private roundTripMs: number | undefined;

  constructor(
    now: number,
    private readonly ping: (echo: number, roundTripMs: number | undefined) => void,
  ) {
    this.lastPingAt = now;
    this.lastHeardAt = now;
  }

  heard(now: number): void {
    this.lastHeardAt = now;
  }

  /** The next ping will echo `n`, which shows the server that this page still reads, and say how long it took. */
  pong(n: number, now: number): void {
    this.echo = n;
    const took = now - this.lastPingAt;
    this.roundTripMs = took >= 0 && took <= LONGEST_ROUND_TRIP_MS ? took : undefined;
  }

  /** A ping is without its answer for longer than a healthy server needs. */
  isStale(now: number): boolean {
    return this.lastHeardAt < this.lastPingAt && now - this.lastPingAt > STALE_AFTER_MS;
  }

  /** Pings when it is time; false when nothing was heard for so long that the socket must be dead. */
  beat(now: number): boolean {
    if (now - this.lastPingAt >= PING_EVERY_MS) {
      this.lastPingAt = now;
      this.ping(this.echo, this.roundTripMs);
    }
    return now - this.lastHeardAt < SILENT_AFTER_MS;
  }
}
