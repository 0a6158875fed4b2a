import type { Surroundings, Wire } from "../net/lasting-socket";

const OPEN = 1;
const CLOSED = 3;

/** The server's end of a WebSocket, driven by a test. */
export class FakeWire implements Wire {
  readyState = 0;
  bufferedAmount = 0;
  binaryType: BinaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly texts: Array<Record<string, unknown>> = [];
  readonly frames: Array<{ firstSample: number; ageMs: number; samples: number }> = [];

  send(data: string | ArrayBuffer): void {
    if (typeof data === "string") this.texts.push(JSON.parse(data));
    else this.frames.push(parseFrame(data));
  }

  close(): void {
    this.readyState = CLOSED;
  }

  accept(): void {
    this.readyState = OPEN;
    this.onopen?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The server, or the network, closes the connection. */
  end(code: number): void {
    this.readyState = CLOSED;
    this.onclose?.({ code });
  }

  /** The types of the texts received, without heartbeats. */
  get said(): string[] {
    return this.texts.map((text) => String(text.type)).filter((type) => type !== "ping");
  }
}

/** A network and a clock that move only when a test says so; chance always takes the longest wait. */
export class FakeSurroundings implements Surroundings {
  readonly wires: FakeWire[] = [];
  private time = 1_000_000;
  private waiting: Array<{ at: number; run: () => void }> = [];

  connect(): Wire {
    const wire = new FakeWire();
    this.wires.push(wire);
    return wire;
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return 1;
  }

  later(ms: number, run: () => void): void {
    this.waiting.push({ at: this.time + ms, run });
  }

  /** The connection made last. */
  get wire(): FakeWire {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error("nothing has connected");
    return wire;
  }

  /** Time passes, and what was to run later runs. */
  pass(ms: number): void {
    const until = this.time + ms;
    for (let next = this.due(until); next; next = this.due(until)) {
      this.waiting = this.waiting.filter((item) => item !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }

  private due(until: number): { at: number; run: () => void } | undefined {
    return this.waiting.filter((item) => item.at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

function parseFrame(data: ArrayBuffer): { firstSample: number; ageMs: number; samples: number } {
  const view = new DataView(data);
  return {
    firstSample: Number(view.getBigUint64(8, true)),
    ageMs: view.getUint32(4, true),
    samples: (data.byteLength - 16) / 2,
  };
}
