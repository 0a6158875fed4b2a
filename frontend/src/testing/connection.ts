interface Transceiver {
  direction: string;
  currentDirection: string;
  receiver: { track: { kind: string } };
  sender: object;
}

/** What the browser would connect: it negotiates as browsers do, and is connected when an answer fits its offer. */
export class FakeConnection {
  static made: FakeConnection[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription: { type: string; sdp: string } | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly tracks: unknown[] = [];
  readonly pictures: unknown[] = [];
  readonly transceivers: Transceiver[] = [];
  bits: number | undefined;
  restarts = 0;
  private readonly number: number;
  private offers = 0;
  private remote = "";
  private negotiating = false;

  constructor(readonly options: RTCConfiguration) {
    this.number = FakeConnection.made.push(this);
  }

  addTransceiver(kind: string, { direction }: { direction: string }): Transceiver {
    this.negotiate();
    return this.made(kind, direction);
  }

  private negotiate(): void {
    if (!this.negotiating) queueMicrotask(() => this.connectionState !== "closed" && this.onnegotiationneeded?.());
    this.negotiating = true; // once for all that is made in one go
  }

  private made(kind: string, direction: string): Transceiver {
    const tracks = kind === "audio" ? this.tracks : this.pictures;
    const sender = {
      replaceTrack: async (track: unknown) => void tracks.push(track),
      getParameters: () => ({ encodings: [{}] }),
      setParameters: async (parameters: { encodings: { maxBitrate?: number }[] }) => {
        this.bits = parameters.encodings[0]?.maxBitrate;
      },
    };
    const transceiver = { direction, currentDirection: "inactive", receiver: { track: { kind } }, sender };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): Transceiver[] {
    if (this.transceivers.length === 0) for (const kind of ["audio", "video"]) this.made(kind, "recvonly");
    return this.transceivers;
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    this.negotiating = false;
    if (this.signalingState === "have-remote-offer") {
      this.localDescription = { type: "answer", sdp: `answer to ${this.remote}` };
      this.signalingState = "stable";
      this.become("connected");
    } else {
      this.localDescription = { type: "offer", sdp: `offer ${this.number}.${++this.offers}` };
      this.signalingState = "have-local-offer";
    }
  }

  async setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    await Promise.resolve();
    if (this.connectionState === "closed" || (type === "answer" && this.signalingState !== "have-local-offer"))
      throw new DOMException(`${type} in ${this.signalingState}`, "InvalidStateError");
    this.remote = sdp;
    this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
    if (sdp === `answer to ${this.localDescription?.sdp}`) this.become("connected");
  }

  async addIceCandidate(): Promise<void> {
    if (this.connectionState === "closed") throw new DOMException("closed", "InvalidStateError");
  }

  restartIce(): void {
    this.restarts++;
    this.negotiate();
  }

  close(): void {
    this.connectionState = this.signalingState = "closed";
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}
