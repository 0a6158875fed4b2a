import type { SignalKind, Signalled } from "../protocol";
import { newId } from "../room/ids";
import { type MediaKind, Peer } from "./peer";

/** A mesh sends one's voice and picture to everybody: beyond so many people that is too much for a home's uplink. */
export const MAX_PEOPLE = 6;
const RETRY_MS = 8_000;

export interface CallListener {
  send(to: string, kind: SignalKind, negotiation: string, body: string): void;
  heard(participantId: string, media: MediaStream): void;
  /** Somebody's picture; null when there is none any more. */
  seen(participantId: string, media: MediaStream | null): void;
  gone(participantId: string): void;
}

/**
 * Hearing and seeing each other: one connection to each of the others who hear. A page says `hello` to those it is not connected
 * with; of two pages the one with the smaller participant id offers, asked for by `ready` if need be. Every such beginning has
 * a name, which all signals about it carry: those of one that was given up count for nothing.
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

  /** Who else hears now. */
  meet(others: string[], now: number): void {
    for (const [id, peer] of this.peers) {
      const here = others.includes(id);
      if (!peer.holds(here, now) && !here) this.drop(id); // also who left: their page may be back at once
    }
    for (const id of this.greetedAt.keys()) if (!others.includes(id)) this.greetedAt.delete(id);
    for (const id of others) this.greet(id, now);
  }

  /** The room's socket is back: what was said meanwhile did not arrive. */
  resume(): void {
    this.greetedAt.clear();
    for (const peer of this.peers.values()) peer.repeat();
  }

  /** What the others hear or see from now on; null for nothing. */
  give(kind: MediaKind, track: MediaStreamTrack | null): void {
    this.tracks[kind] = track;
    for (const peer of this.peers.values()) void peer.give(kind, track);
  }

  signalled({ sender, kind, negotiation, body }: Signalled, now: number): void {
    if (kind === "hello") this.met(sender, now);
    else if (kind === "ready") this.begin(sender, now);
    else if (kind === "offer" && !this.offers(sender)) this.asked(sender, negotiation, now).signal(kind, body);
    else if (this.peers.get(sender)?.negotiation !== negotiation) return;
    else if (kind === "bye") this.drop(sender);
    else this.peers.get(sender)?.signal(kind, body);
  }

  close(): void {
    for (const [id, peer] of Array.from(this.peers)) {
      this.listener.send(id, "bye", peer.negotiation, "");
      this.drop(id);
    }
  }

  private greet(id: string, now: number): void {
    if (this.peers.get(id)?.holds(true, now)) return;
    if (now - (this.greetedAt.get(id) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return;
    this.greetedAt.set(id, now);
    this.listener.send(id, "hello", "", "");
  }

  /** A page that says hello knows of no connection, whatever we think we have. */
  private met(id: string, now: number): void {
    if (this.offers(id)) this.begin(id, now);
    else {
      this.drop(id);
      this.greetedAt.set(id, now);
      this.listener.send(id, "ready", "", "");
    }
  }

  private asked(id: string, negotiation: string, now: number): Peer {
    const peer = this.peers.get(id);
    return peer?.negotiation === negotiation ? peer : this.renew(id, negotiation, now);
  }

  private offers(id: string): boolean {
    return this.you < id;
  }

  private begin(id: string, now: number): void {
    this.renew(id, newId(), now).begin();
  }

  private renew(id: string, negotiation: string, now: number): Peer {
    this.drop(id);
    const peer: Peer = new Peer(negotiation, !this.offers(id), now + RETRY_MS, this.servers, {
      send: (kind, body) => this.listener.send(id, kind, negotiation, body),
      heard: (media) => this.listener.heard(id, media),
      seen: (media) => this.listener.seen(id, media),
      failed: () => {
        if (this.peers.get(id) === peer) this.drop(id);
      },
    });
    this.peers.set(id, peer);
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
