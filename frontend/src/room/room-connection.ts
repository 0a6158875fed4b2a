import { LastingSocket, type Surroundings } from "../net/lasting-socket";
import type {
  AddMark,
  AgreeToKeeping,
  CaptionFinal,
  EditMark,
  EditSegment,
  HostRequest,
  Refusal,
  RoomEvent,
  RoomRequest,
  Signalled,
  SignalRequest,
} from "../protocol";
import { MarkOutbox } from "./mark-outbox";
import type { RoomStore } from "./store";

export interface RoomListener {
  /** Something in the store changed; `final` is a caption to show. */
  changed(final: CaptionFinal | null): void;
  connected(): void;
  lost(): void;
  refused(code: number): void;
  /** The server did not take one message; the socket stays. */
  denied(refusal: Refusal): void;
  /** A host asks this person to turn the microphone off. */
  muteAsked(name: string): void;
  /** This person spoke for long, and no words were found. */
  wordsMissed(): void;
  signalled(signal: Signalled): void;
}

/** The room socket: feeds the store and asks again for what it missed. */
export class RoomConnection {
  private readonly socket: LastingSocket;
  private readonly outbox = new MarkOutbox((request) => this.say(request));
  private state = { muted: true, hearing: false };
  private handRaised = false;
  private question: "none" | "asked" | "answering" = "none";

  constructor(
    url: string,
    private readonly store: RoomStore,
    private readonly listener: RoomListener,
    private readonly around: Surroundings,
  ) {
    const handlers = {
      opened: () => this.opened(),
      message: (event: { type: string }) => this.heard(event as RoomEvent),
      lost: () => listener.lost(),
      refused: (code: number) => listener.refused(code),
    };
    this.socket = new LastingSocket(url, handlers, around);
  }

  /** Connected, and the server does not answer just now. */
  get isStale(): boolean {
    return this.socket.isStale;
  }

  open(): void {
    this.socket.open();
  }

  tick(): void {
    this.socket.tick();
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  close(): void {
    this.socket.close();
  }

  setMuted(muted: boolean): void {
    if (muted !== this.state.muted) this.become({ ...this.state, muted });
  }

  setHearing(hearing: boolean): void {
    if (hearing !== this.state.hearing) this.become({ ...this.state, hearing });
  }

  private become(state: { muted: boolean; hearing: boolean }): void {
    this.state = state;
    this.say({ type: "state", ...state });
  }

  setHand(raised: boolean): void {
    this.handRaised = raised;
    this.say({ type: "hand", raised });
  }

  /** Marks that the server has not confirmed yet. */
  get marksWaiting(): number {
    return this.outbox.size;
  }

  /** Not kept over a break: the editor that wrote it stays open until the line changes. */
  correct(request: EditSegment): void {
    this.say(request);
  }

  mark(request: AddMark | EditMark): boolean {
    return this.outbox.put(request);
  }

  /** What need not be said again after a break: a host's request, or a signal. */
  request(request: HostRequest | SignalRequest | AgreeToKeeping): void {
    this.say(request);
  }

  private opened(): void {
    this.ask();
    if (!this.state.muted || this.state.hearing) this.become(this.state);
    if (this.handRaised) this.say({ type: "hand", raised: true });
    this.outbox.sendAgain();
  }

  private heard(event: RoomEvent): void {
    const final = this.store.apply(event, this.around.now());
    this.outbox.heard(event);
    if (event.type === "welcome") this.welcomed();
    if (event.type === "status") this.checked();
    if (event.type === "signalled") {
      this.listener.signalled(event);
      return; // nothing that the page shows
    }
    if (event.type === "mute.asked") this.listener.muteAsked(event.name);
    if (event.type === "words.missed") this.listener.wordsMissed();
    if (event.type === "error") this.listener.denied(event);
    if (event.type === "caption.final" && event.sequence > this.store.lastSequence) this.missed();
    this.listener.changed(final);
  }

  /** The answer to `hello`: all captions after the one we named follow, and then a status. */
  private welcomed(): void {
    this.question = "answering";
    this.listener.connected();
  }

  private checked(): void {
    if (this.question === "answering") {
      this.question = "none";
      this.store.closeHoles();
    }
    if (this.store.isBehind) this.missed();
  }

  private missed(): void {
    if (this.question === "none") this.ask();
  }

  private ask(): void {
    this.question = "asked";
    const { lastSequence, lastChange, lastEdit } = this.store;
    this.say({ type: "hello", last_sequence: lastSequence, last_change: lastChange, last_edit: lastEdit });
  }

  private say(request: RoomRequest): void {
    this.socket.send(JSON.stringify(request));
  }
}
