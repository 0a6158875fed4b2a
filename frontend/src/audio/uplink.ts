import { LastingSocket, type Surroundings } from "../net/lasting-socket";
import { type AudioEvent, type AudioRequest, encodeFrame } from "../protocol";
import { Pace } from "./pace";
import { AudioRing, endOf, type StreamFrame } from "./ring";

export type UplinkState = "connecting" | "streaming" | "held" | "stopped" | "lost";

export interface UplinkListener {
  changed(state: UplinkState): void;
  /** The server knows this audio as stream `streamId`, whose sample 0 is `origin` in the frames' numbering. */
  identified(streamId: string, origin: number): void;
  refused(code: number): void;
}

export interface StreamIdentity {
  /** Of the stream to go on with, or "" for a new one. */
  streamId: string;
  sampleRate: number;
  language: string;
  /** Several people speak into this microphone. */
  shared: boolean;
  /** Where the frames' numbering begins. */
  firstSample: number;
  /** What an earlier page could not send any more. */
  kept: KeptAudio;
}

/** Audio that waits for the server, and the samples before which the speaker muted. */
export interface KeptAudio {
  frames: readonly StreamFrame[];
  stops: readonly number[];
}

const KEPT_SAMPLES = 1_800 * 16_000; // half an hour offline: 58 MB; a third of it where a browser records at 48 kHz
const IN_FLIGHT_SECONDS = 10;
const EARLY_SECONDS = 2; // of a new stream spoken before it was opened: its clock starts when the server opens it
const OVERDUE_SECONDS = 0.5; // the server acknowledges every few frames: fewer may rest unacknowledged
const MAX_BUFFERED_BYTES = 64 * 1024;
const ANSWER_WITHIN_MS = 4_000;
const START_WITHIN_MS = 12_000; // asks the store, and after a restart everybody asks at once

/**
 * Brings numbered audio to the server: keeps what is not acknowledged, sends it again after a reconnect from where the
 * server says, and tells it where the speaker muted. Driven by `push` and `tick`, which the audio thread's messages
 * call, and by the server's answers; never by timers alone.
 */
export class AudioUplink {
  private readonly socket: LastingSocket;
  private readonly ring: AudioRing;
  private phase: "offline" | "starting" | "streaming" | "stopping" | "stopped" = "offline";
  private origin = 0;
  private cursor = 0;
  private acknowledged = 0;
  private stops: number[] = [];
  private heldUntil = 0;
  private owedSince: number | null = null;
  private paused = false;
  /** The server was ready before the first frame was there. */
  private awaitsFirst = false;
  private pace: Pace;

  constructor(
    url: string,
    private readonly identity: StreamIdentity,
    private readonly listener: UplinkListener,
    private readonly around: Surroundings,
  ) {
    this.ring = new AudioRing(KEPT_SAMPLES, identity.firstSample);
    for (const frame of identity.kept.frames) this.ring.push(frame);
    this.stops = [...identity.kept.stops];
    this.cursor = this.ring.start;
    this.pace = new Pace(around.now());
    const handlers = {
      opened: () => this.opened(),
      message: (event: { type: string }) => this.heard(event as AudioEvent),
      lost: () => this.lost(),
      refused: (code: number) => listener.refused(code),
    };
    this.socket = new LastingSocket(url, handlers, around);
  }

  /** Audio captured and not yet known to be safe on the server, in seconds. */
  get keptSeconds(): number {
    const seconds = this.ring.heldSamples / this.identity.sampleRate;
    return this.identity.streamId === "" ? Math.min(seconds, EARLY_SECONDS) : seconds;
  }

  /** The same, as it must outlive the page. */
  get kept(): KeptAudio {
    return { frames: this.ring.frames, stops: this.stops };
  }

  open(): void {
    this.listener.changed("connecting");
    this.socket.open();
  }

  push(frame: StreamFrame): void {
    this.paused = false;
    if (this.awaitsFirst && frame.firstSample < this.origin + this.earlySamples) this.beginAt(frame.firstSample);
    this.awaitsFirst = false;
    this.ring.push(frame);
    this.tick();
  }

  /** The speaker muted: after the audio before `sample` the server may finish the sentence. */
  stop(sample: number): void {
    this.stops.push(sample);
    this.tick();
  }

  tick(): void {
    this.socket.tick();
    const patience = this.phase === "starting" ? START_WITHIN_MS : ANSWER_WITHIN_MS;
    const overdue = this.owedSince !== null && this.around.now() - this.owedSince > patience;
    if (overdue) this.socket.drop();
    else this.pump();
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  close(): void {
    this.socket.close();
  }

  // ── Connection ────────────────────────────────────────────────────────────────────────────────────────────────────

  private opened(): void {
    this.pace = new Pace(this.around.now()); // the server counts by connection
    if (this.paused) this.rest();
    else this.start();
  }

  /** Nothing to say: a pause stays a pause until the next frame. */
  private rest(): void {
    this.paused = true;
    this.phase = "stopped";
    this.listener.changed("stopped");
  }

  private start(): void {
    this.phase = "starting";
    this.owedSince = this.around.now();
    const { streamId, sampleRate, language, shared } = this.identity;
    this.say({
      type: "audio.start",
      sample_rate: sampleRate,
      encoding: "pcm16",
      language,
      shared,
      stream_id: streamId,
    });
  }

  private lost(): void {
    this.phase = "offline";
    this.owedSince = null;
    this.listener.changed("lost");
  }

  private heard(event: AudioEvent): void {
    if (event.type === "audio.ready") this.ready(event.stream_id, event.next_sample);
    else if (event.type === "audio.ack") this.settle(event.next_sample);
    else if (event.type === "audio.hold") this.hold(event.next_sample, event.retry_ms);
    else if (event.type === "audio.summary") this.stopped(event.next_sample);
    else if (event.type === "error" && event.code === "stream_refused") this.startAfresh();
    this.pump();
  }

  private ready(streamId: string, nextSample: number): void {
    if (streamId !== this.identity.streamId) this.adopt(streamId);
    this.phase = "streaming";
    this.heldUntil = 0;
    this.rewind(nextSample);
    this.listener.changed("streaming");
  }

  /** A stream of our own begins with what is being said now. */
  private adopt(streamId: string): void {
    this.identity.streamId = streamId;
    this.ring.keepNewest(this.earlySamples);
    this.awaitsFirst = this.ring.heldSamples === 0;
    this.beginAt(this.ring.start);
  }

  private beginAt(sample: number): void {
    this.origin = this.acknowledged = this.cursor = sample;
    this.listener.identified(this.identity.streamId, sample);
  }

  private get earlySamples(): number {
    return EARLY_SECONDS * this.identity.sampleRate;
  }

  /** The server does not know the stream any more: go on with a new one. */
  private startAfresh(): void {
    if (this.identity.streamId === "") return;
    this.identity.streamId = "";
    this.start();
  }

  // ── Answers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private settle(nextSample: number): void {
    this.acknowledged = Math.max(this.acknowledged, nextSample + this.origin);
    this.ring.release(this.acknowledged);
    this.owedSince = null;
  }

  private rewind(nextSample: number): void {
    this.settle(nextSample);
    this.acknowledged = this.cursor = nextSample + this.origin;
  }

  private hold(nextSample: number, retryMs: number): void {
    this.rewind(nextSample);
    this.heldUntil = this.around.now() + retryMs;
    this.around.later(retryMs, () => this.tick());
    this.listener.changed("held");
  }

  private stopped(nextSample: number): void {
    this.settle(nextSample);
    this.stops.shift();
    this.phase = "stopped";
    if (!this.ring.next(this.cursor)) this.rest();
  }

  // ── Sending ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private pump(): void {
    if (this.phase === "stopped" && this.ring.next(this.cursor)) this.start();
    if (this.phase !== "streaming" || this.isHeld()) return;
    let frame = this.ring.next(this.cursor);
    while (frame && !this.stopsBefore(frame) && this.hasRoom() && this.mayGo(frame)) {
      this.sendFrame(frame);
      frame = this.ring.next(this.cursor);
    }
    if (this.stops.length > 0 && (!frame || this.stopsBefore(frame))) this.sendStop();
  }

  private isHeld(): boolean {
    if (this.heldUntil === 0) return false;
    if (this.around.now() < this.heldUntil) return true;
    this.heldUntil = 0;
    this.listener.changed("streaming");
    return false;
  }

  private stopsBefore(frame: StreamFrame): boolean {
    const stop = this.stops[0];
    return stop !== undefined && frame.firstSample >= stop;
  }

  private hasRoom(): boolean {
    const inFlight = this.cursor - Math.max(this.acknowledged, this.ring.start);
    return this.socket.bufferedAmount < MAX_BUFFERED_BYTES && inFlight < IN_FLIGHT_SECONDS * this.identity.sampleRate;
  }

  private mayGo(frame: StreamFrame): boolean {
    return this.pace.take(frame.pcm.length / this.identity.sampleRate, this.around.now());
  }

  private sendFrame(frame: StreamFrame): void {
    const now = this.around.now();
    this.socket.send(encodeFrame(frame.firstSample - this.origin, now - frame.capturedAt, frame.pcm));
    this.cursor = endOf(frame);
    const overdue = this.cursor - Math.max(this.acknowledged, this.ring.start);
    if (overdue > OVERDUE_SECONDS * this.identity.sampleRate) this.owedSince ??= now;
  }

  private sendStop(): void {
    this.phase = "stopping";
    this.owedSince = this.around.now();
    this.say({ type: "audio.stop" });
  }

  private say(request: AudioRequest): void {
    this.socket.send(JSON.stringify(request));
  }
}
