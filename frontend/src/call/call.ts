import type { SignalKind, Signalled } from "../protocol";
import { type MediaKind, Peer } from "./peer";

/** A mesh sends one's voice and picture to everybody: beyond so many people that is too much for a home's uplink. */
export const MAX_PEOPLE = 6;
const RETRY_MS = 8_000;

export interface CallListener {
  send(to: string, kind: SignalKind, body: string): void;
  heard(participantId: string, media: MediaStream): void;
  /** Somebody's picture; null when there is none any more. */
  seen(participantId: string, media: MediaStream | null): void;
  gone(participantId: string): void;
}

/**
 * Hearing and seeing each other: one connection to each of the others who hear. A page says `hello` to those it is not connected
 * with; of two pages the one with the smaller participant id offers, asked for by `ready` if need be.
 */
export class Call {
  private readonly peers = new Map<string, Peer>();
  private readonly greetedAt = new Map<string, number>();
  private readonly tracks: Record<MediaKind, MediaStreamTrack | null> = { audio: null, video: null };

  constructor(
    private readonly you: string,
    private readonly servers: RTCIceServer[],
    private readonly listener: CallListener,
  ) {}

  /** Who else is in the room now. */
  meet(others: string[], now: number): void {
    for (const id of this.peers.keys()) if (!others.includes(id)) this.drop(id);
    for (const id of this.greetedAt.keys()) if (!others.includes(id)) this.greetedAt.delete(id);
    for (const id of others) this.greet(id, now);
  }

  /** What the others hear or see from now on; null for nothing. */
  give(kind: MediaKind, track: MediaStreamTrack | null): void {
    this.tracks[kind] = track;
    for (const peer of this.peers.values()) void peer.give(kind, track);
  }

  signalled({ sender, kind, body }: Signalled, now: number): void {
    if (kind === "bye") this.drop(sender);
    else if (kind === "hello") this.met(sender, now);
    else if (kind === "ready") this.renew(sender, now).begin();
    else (this.peers.get(sender) ?? this.renew(sender, now)).signal(kind, body);
  }

  close(): void {
    for (const id of Array.from(this.peers.keys())) {
      this.listener.send(id, "bye", "");
      this.drop(id);
    }
  }

  private greet(id: string, now: number): void {
    if (this.peers.get(id)?.isConnected) return;
    if (now - (this.greetedAt.get(id) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return;
    this.greetedAt.set(id, now);
    this.listener.send(id, "hello", "");
  }

  /** A page that says hello knows of no connection, whatever we think we have. */
  private met(id: string, now: number): void {
    const peer = this.renew(id, now);
    if (this.you < id) peer.begin();
    else this.listener.send(id, "ready", "");
  }

  private renew(id: string, now: number): Peer {
    this.drop(id);
    const peer = new Peer(this.you > id, this.servers, {
      send: (kind, body) => this.listener.send(id, kind, body),
      heard: (media) => this.listener.heard(id, media),
      seen: (media) => this.listener.seen(id, media),
      failed: () => this.drop(id),
    });
    this.peers.set(id, peer);
    this.greetedAt.set(id, now); // the negotiation gets its time before the next hello
    void peer.give("audio", this.tracks.audio);
    if (this.tracks.video) void peer.give("video", this.tracks.video);
    return peer;
  }

  private drop(id: string): void {
    const peer = this.peers.get(id);
    if (!peer) return;
    this.peers.delete(id);
    peer.close();
    this.listener.gone(id);
  }
}
