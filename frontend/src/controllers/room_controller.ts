import { Controller } from "@hotwired/stimulus";
import { browserSurroundings, socketUrl } from "../net/browser";
import type { Surroundings } from "../net/lasting-socket";
import type { CaptionFinal, Refusal, Signalled } from "../protocol";
import {
  announce,
  type HearingChanged,
  type HostAsked,
  type LineSent,
  type MarkSent,
  type MicrophoneChanged,
  type MicrophoneHeard,
} from "../room/events";
import { RoomConnection } from "../room/room-connection";
import type { Situation } from "../room/situation";
import { RoomStore } from "../room/store";

const TICK_MS = 1_000;

/** Owns the room's socket and store, and tells the page's other controllers what changed. */
export class RoomController extends Controller<HTMLElement> {
  static values = { url: String, sequence: Number, edit: Number };
  /** Replaced in tests. */
  static around: Surroundings = browserSurroundings;
  declare urlValue: string;
  declare sequenceValue: number;
  declare editValue: number;
  private store!: RoomStore;
  private connection!: RoomConnection;
  private timer = 0;
  private linked: Situation["link"] = "connecting";

  connect(): void {
    this.store = new RoomStore(this.sequenceValue, this.editValue);
    const listener = {
      changed: (final: CaptionFinal | null) => this.changed(final),
      connected: () => this.link("connected"),
      lost: () => this.link("lost"),
      refused: (code: number) => this.refused(code),
      denied: (refusal: Refusal) => announce("room:denied", refusal),
      signalled: (signal: Signalled) => announce("room:signalled", signal),
      wordsMissed: () => announce("room:words-missed"),
      muteAsked: (name: string) => announce("room:mute-asked", { name }),
    };
    this.connection = new RoomConnection(socketUrl(this.urlValue), this.store, listener, RoomController.around);
    this.connection.open();
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
  }

  disconnect(): void {
    window.clearInterval(this.timer);
    this.connection.close();
  }

  tick(): void {
    this.connection.tick();
    this.noticeStale();
    announce("room:tick");
  }

  online(): void {
    this.connection.retryNow();
  }

  microphoneChanged(event: MicrophoneChanged): void {
    this.connection.setMuted(event.detail.state !== "on");
  }

  hearingChanged(event: HearingChanged): void {
    this.connection.setHearing(event.detail.wanted);
  }

  /** The audio thread's messages come also in a hidden tab, whose timers hardly run. */
  microphoneHeard(event: MicrophoneHeard): void {
    if (event.detail.speaking) this.store.speaking(this.store.you, RoomController.around.now());
    this.connection.tick();
  }

  mark(event: MarkSent): void {
    if (!this.connection.mark(event.detail.request)) announce("room:denied", { code: "too_many_marks", message: "" });
    announce("room:changed", { store: this.store, final: null, marksWaiting: this.connection.marksWaiting });
  }

  ask(event: HostAsked): void {
    this.connection.request(event.detail.request);
  }

  correct(event: LineSent): void {
    this.connection.correct(event.detail);
  }

  toggleHand(): void {
    const raised = this.store.people.get(this.store.you)?.hand_ms != null;
    this.connection.setHand(!raised);
  }

  private changed(final: CaptionFinal | null): void {
    announce("room:changed", { store: this.store, final, marksWaiting: this.connection.marksWaiting });
    this.showRecord();
    if (this.store.ended !== "no") this.close();
  }

  private showRecord(): void {
    const off = this.store.isOffRecord;
    if (off === this.element.classList.contains("is-off-record")) return;
    this.element.classList.toggle("is-off-record", off);
    announce("room:record", { off });
  }

  private refused(code: number): void {
    this.link("refused", code);
    this.close();
  }

  /** Nothing more can be said here. */
  private close(): void {
    this.element.classList.add("is-over");
    announce("room:closed");
  }

  private noticeStale(): void {
    if (this.linked !== "connected" && this.linked !== "stale") return;
    const now = this.connection.isStale ? "stale" : "connected";
    if (now !== this.linked) this.link(now);
  }

  private link(link: Situation["link"], code = 0): void {
    this.linked = link;
    announce("room:link", { link, code });
  }
}
