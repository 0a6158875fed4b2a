import { CLOSE, isFinalClose } from "../protocol";
import { backoffMs } from "./backoff";
import { Heartbeat } from "./heartbeat";

/** What this page uses of a WebSocket. */
export interface Wire {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: BinaryType;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string | ArrayBuffer): void;
  close(): void;
}

export interface Surroundings {
  connect(url: string): Wire;
  now(): number;
  random(): number;
  later(ms: number, run: () => void): void;
}

export interface SocketListener {
  /** Connected: whatever was said before on an older connection must be said again. */
  opened(): void;
  message(event: { type: string }): void;
  /** Lost, and being connected again. */
  lost(): void;
  /** Closed with a code that makes trying again pointless. */
  refused(code: number): void;
}

const OPEN = 1;
const CONNECT_WITHIN_MS = 8_000;

/** A WebSocket that comes back by itself until it is closed or refused. Call `tick` from anything that runs. */
export class LastingSocket {
  private wire: Wire | null = null;
  private heartbeat: Heartbeat | null = null;
  private attempt = 0;
  private retryAt: number | null = null;
  private openBy: number | null = null;

  constructor(
    private readonly url: string,
    private readonly listener: SocketListener,
    private readonly around: Surroundings,
  ) {}

  get isOpen(): boolean {
    return this.wire?.readyState === OPEN;
  }

  /** Open, and the server does not answer just now. */
  get isStale(): boolean {
    return this.heartbeat?.isStale(this.around.now()) ?? false;
  }

  get bufferedAmount(): number {
    return this.wire?.bufferedAmount ?? 0;
  }

  open(): void {
    this.retryAt = null;
    const wire = this.around.connect(this.url);
    wire.binaryType = "arraybuffer";
    wire.onopen = () => this.opened(wire);
    wire.onmessage = (event) => this.received(event.data);
    wire.onclose = (event) => this.closed(event.code);
    this.wire = wire;
    this.openBy = this.around.now() + CONNECT_WITHIN_MS;
    this.around.later(CONNECT_WITHIN_MS, () => this.tick());
  }

  send(data: string | ArrayBuffer): void {
    if (this.isOpen) this.wire?.send(data);
  }

  /** Keeps the connection alive, notices a dead one, and connects again when it is time. */
  tick(): void {
    const now = this.around.now();
    if (this.heartbeat ? !this.heartbeat.beat(now) : this.isLate(now)) this.drop();
    if (this.retryAt !== null && now >= this.retryAt) this.open();
  }

  /** Gives up a connection that stalls, without waiting for its closing handshake. */
  drop(): void {
    this.detach();
    this.retry();
  }

  /** The network is back: does not wait for the next attempt's time. */
  retryNow(): void {
    if (this.retryAt !== null) this.open();
  }

  close(): void {
    this.retryAt = null;
    this.detach();
  }

  private isLate(now: number): boolean {
    return this.openBy !== null && now >= this.openBy;
  }

  private opened(wire: Wire): void {
    this.openBy = null;
    this.heartbeat = new Heartbeat(this.around.now(), (echo, rtt_ms) =>
      wire.send(JSON.stringify({ type: "ping", echo, rtt_ms })),
    );
    this.listener.opened();
  }

  private received(data: unknown): void {
    this.heartbeat?.heard(this.around.now());
    const event = JSON.parse(String(data)) as { type: string; n?: number };
    if (event.type !== "error") this.attempt = 0;
    if (event.type === "pong") this.heartbeat?.pong(event.n ?? 0, this.around.now());
    else this.listener.message(event);
    this.tick();
  }

  private closed(code: number): void {
    this.detach();
    if (isFinalClose(code)) this.listener.refused(code);
    else this.retry(code === CLOSE.restarting);
  }

  private retry(soon = false): void {
    const wait = backoffMs(soon ? 0 : this.attempt++, this.around.random);
    this.retryAt = this.around.now() + wait;
    this.around.later(wait, () => this.tick());
    this.listener.lost();
  }

  private detach(): void {
    const wire = this.wire;
    this.wire = null;
    this.heartbeat = null;
    this.openBy = null;
    if (!wire) return;
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
  }
}
