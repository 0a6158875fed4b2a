import type { SignalKind } from "../protocol";

export type MediaKind = "audio" | "video";

export interface PeerListener {
  send(kind: SignalKind, body: string): void;
  heard(media: MediaStream): void;
  /** The other's picture; null when it went away. */
  seen(media: MediaStream | null): void;
  failed(): void;
}

const PATIENCE_MS = 15_000; // a page that loads its socket anew, a network that changes
const MAX_PICTURE_BITS = 400_000; // a second: five of them fit into a home's uplink

/**
 * One connection to another page, by perfect negotiation: in a collision of offers the polite side gives way. Audio
 * always has its way in both directions; video has one only while there is a picture.
 */
export class Peer {
  private readonly connection: RTCPeerConnection;
  private readonly ways: Record<MediaKind, Way> = { audio: new Way(), video: new Way() };
  private offering = false;
  private ignoring = false;
  private seeing = false;
  private chain: Promise<void> = Promise.resolve();

  /** `heldUntil`: till then it has time to begin. */
  constructor(
    readonly negotiation: string,
    private readonly polite: boolean,
    private heldUntil: number,
    servers: RTCIceServer[],
    private readonly listener: PeerListener,
  ) {
    this.connection = new RTCPeerConnection({ iceServers: servers });
    this.connection.onicecandidate = ({ candidate }) => listener.send("candidate", JSON.stringify(candidate));
    this.connection.onnegotiationneeded = () => void this.offer();
    this.connection.onconnectionstatechange = () => this.changed();
    this.connection.ontrack = ({ track }) => {
      if (track.kind === "audio") listener.heard(new MediaStream([track]));
    };
  }

  /** Whether to go on with it: while it begins, while it works and the other is `here`, and for a while after that. */
  holds(here: boolean, now: number): boolean {
    if (here && this.connection.connectionState === "connected") this.heldUntil = Number.POSITIVE_INFINITY;
    else if (this.heldUntil === Number.POSITIVE_INFINITY) this.heldUntil = now + PATIENCE_MS;
    return now < this.heldUntil;
  }

  /** Begins the negotiation; the other side only answers. */
  begin(): void {
    this.ways.audio.open(this.connection.addTransceiver("audio", { direction: "sendrecv" }));
    this.ways.video.open(this.connection.addTransceiver("video", { direction: "recvonly" }));
  }

  /** What the other page hears or sees from now on; null for nothing. */
  async give(kind: MediaKind, track: MediaStreamTrack | null): Promise<void> {
    const way = await this.ways[kind].opened;
    await way.sender.replaceTrack(track);
    if (kind === "audio") return;
    way.direction = track ? "sendrecv" : "recvonly";
    if (track) await limit(way.sender);
  }

  /** Takes the other page's signals in their order. */
  signal(kind: SignalKind, body: string): void {
    this.chain = this.chain.then(() => this.take(kind, body)).catch(() => this.listener.failed());
  }

  /** Offers again what may not have arrived. */
  repeat(): void {
    if (this.isOffered) this.listener.send("offer", this.connection.localDescription?.sdp ?? "");
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
    if (kind === "answer" && !this.isOffered) return; // to an offer that was repeated, and answered already
    if (kind === "answer") await this.connection.setRemoteDescription({ type: "answer", sdp: body });
    if (kind === "offer" || kind === "answer") this.look();
    if (kind === "candidate" && !this.ignoring) await this.connection.addIceCandidate(JSON.parse(body) ?? undefined);
  }

  private get isOffered(): boolean {
    return this.connection.signalingState === "have-local-offer";
  }

  private async answer(sdp: string): Promise<void> {
    const collision = this.offering || this.connection.signalingState !== "stable";
    this.ignoring = !this.polite && collision;
    if (this.ignoring) return;
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    this.takeWays();
    await this.connection.setLocalDescription();
    this.listener.send("answer", this.connection.localDescription?.sdp ?? "");
  }

  /** The other side made them: we send on them, too. */
  private takeWays(): void {
    for (const transceiver of this.connection.getTransceivers()) {
      const kind = transceiver.receiver.track.kind as MediaKind;
      if (kind === "audio") transceiver.direction = "sendrecv";
      this.ways[kind].open(transceiver);
    }
  }

  /** Both sides agreed again: a picture comes now, or does not. Browsers differ in when a track counts as muted. */
  private look(): void {
    const way = this.connection.getTransceivers().find(({ receiver }) => receiver.track.kind === "video");
    const comes = way?.currentDirection === "sendrecv" || way?.currentDirection === "recvonly";
    if (comes === this.seeing) return;
    this.seeing = comes;
    this.listener.seen(way && comes ? new MediaStream([way.receiver.track]) : null);
  }

  /** A way that broke is looked for again; the connection and its audio stay. */
  private changed(): void {
    const { connectionState } = this.connection;
    if (connectionState === "disconnected" || connectionState === "failed") this.connection.restartIce();
  }
}

/** A transceiver that is there as soon as either side made it. */
class Way {
  open!: (transceiver: RTCRtpTransceiver) => void;
  readonly opened: Promise<RTCRtpTransceiver> = new Promise((resolve) => {
    this.open = resolve;
  });
}

async function limit(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.maxBitrate = MAX_PICTURE_BITS;
  if (parameters.encodings.length > 0) await sender.setParameters(parameters);
}
