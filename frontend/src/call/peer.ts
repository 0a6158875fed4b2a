import type { SignalKind } from "../protocol";

export interface PeerListener {
  send(kind: SignalKind, body: string): void;
  heard(media: MediaStream): void;
  failed(): void;
}

/** One audio connection to another page, by perfect negotiation: in a collision of offers the polite side gives way. */
export class Peer {
  private readonly connection: RTCPeerConnection;
  private readonly sender: Promise<RTCRtpSender>;
  private found!: (sender: RTCRtpSender) => void;
  private offering = false;
  private ignoring = false;
  private chain: Promise<void> = Promise.resolve();

  constructor(
    private readonly polite: boolean,
    servers: RTCIceServer[],
    private readonly listener: PeerListener,
  ) {
    this.connection = new RTCPeerConnection({ iceServers: servers });
    this.sender = new Promise((resolve) => {
      this.found = resolve;
    });
    this.connection.onicecandidate = ({ candidate }) => listener.send("candidate", JSON.stringify(candidate));
    this.connection.onnegotiationneeded = () => void this.offer();
    this.connection.onconnectionstatechange = () => this.changed();
    this.connection.ontrack = ({ track, transceiver }) => {
      transceiver.direction = "sendrecv";
      this.found(transceiver.sender);
      listener.heard(new MediaStream([track]));
    };
  }

  get isConnected(): boolean {
    return this.connection.connectionState === "connected";
  }

  /** Begins the negotiation; the other side only answers. */
  begin(): void {
    this.found(this.connection.addTransceiver("audio", { direction: "sendrecv" }).sender);
  }

  /** What the other page hears from now on; null for nothing. */
  async say(track: MediaStreamTrack | null): Promise<void> {
    await (await this.sender).replaceTrack(track);
  }

  /** Takes the other page's signals in their order. */
  signal(kind: SignalKind, body: string): void {
    this.chain = this.chain.then(() => this.take(kind, body)).catch(() => this.listener.failed());
  }

  close(): void {
    this.connection.onconnectionstatechange = null;
    this.connection.onicecandidate = null;
    this.connection.close();
  }

  private async offer(): Promise<void> {
    try {
      this.offering = true;
      await this.connection.setLocalDescription();
      this.listener.send("offer", this.connection.localDescription?.sdp ?? "");
    } catch {
      this.listener.failed(); // closed meanwhile: a new connection is greeted again
    } finally {
      this.offering = false;
    }
  }

  private async take(kind: SignalKind, body: string): Promise<void> {
    if (kind === "offer") await this.answer(body);
    if (kind === "answer") await this.connection.setRemoteDescription({ type: "answer", sdp: body });
    if (kind === "candidate" && !this.ignoring) await this.connection.addIceCandidate(JSON.parse(body) ?? undefined);
  }

  private async answer(sdp: string): Promise<void> {
    const collision = this.offering || this.connection.signalingState !== "stable";
    this.ignoring = !this.polite && collision;
    if (this.ignoring) return;
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    await this.connection.setLocalDescription();
    this.listener.send("answer", this.connection.localDescription?.sdp ?? "");
  }

  /** A way that broke is looked for again; the connection and its audio stay. */
  private changed(): void {
    if (this.connection.connectionState === "failed") this.connection.restartIce();
  }
}
