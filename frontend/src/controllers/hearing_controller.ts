import { Controller } from "@hotwired/stimulus";
import { Call, MAX_PEOPLE } from "../call/call";
import type { MediaKind } from "../call/peer";
import {
  announce,
  type CameraMedia,
  type LinkChanged,
  type MicrophoneMedia,
  type RoomChanged,
  type RoomSignalled,
} from "../room/events";
import { rememberedSound, rememberSound } from "../room/sound-choice";
import type { RoomStore } from "../room/store";

type HearingState = "on" | "off" | "crowd" | "blocked";

/** The button with which people hear each other or, in one physical room or another call, only read captions. */
export class HearingController extends Controller<HTMLElement> {
  static targets = ["button", "label", "voices"];
  static values = { state: String };
  declare buttonTarget: HTMLButtonElement;
  declare labelTargets: HTMLElement[];
  declare voicesTarget: HTMLElement;
  declare stateValue: HearingState;
  private store: RoomStore | null = null;
  private cutOff = false;
  private call: Call | null = null;
  private readonly tracks: Record<MediaKind, MediaStreamTrack | null> = { audio: null, video: null };
  private wanted = !rememberedSound(localStorage).captionsOnly;

  disconnect(): void {
    this.hangUp();
  }

  update(event: RoomChanged): void {
    this.store = event.detail.store;
    this.meet();
  }

  /** What this page said while it was cut off from the server is said again. */
  link(event: LinkChanged): void {
    if (this.cutOff && event.detail.link === "connected") this.call?.resume();
    this.cutOff = event.detail.link === "lost";
  }

  /** The page goes: the others need not wait for it. */
  leave(): void {
    this.hangUp();
  }

  /** With every tick: whoever is not connected yet is greeted again. */
  meet(): void {
    if (!this.store?.you) return;
    const others = Array.from(this.store.people.values())
      .filter((person) => person.present && person.hearing && person.id !== this.store?.you)
      .map((person) => person.id);
    const crowd = others.length >= MAX_PEOPLE;
    if (!this.wanted || crowd) {
      this.hangUp();
      this.stateValue = crowd && this.wanted ? "crowd" : "off";
      return;
    }
    if (this.stateValue !== "blocked") this.stateValue = "on";
    this.calling().meet(others, Date.now());
  }

  signalled(event: RoomSignalled): void {
    if (this.wanted && this.store?.you && this.stateValue !== "crowd")
      this.calling().signalled(event.detail, Date.now());
  }

  microphone(event: MicrophoneMedia): void {
    this.give("audio", event.detail.media?.getAudioTracks()[0] ?? null);
  }

  camera(event: CameraMedia): void {
    this.give("video", event.detail.media?.getVideoTracks()[0] ?? null);
  }

  private give(kind: MediaKind, track: MediaStreamTrack | null): void {
    this.tracks[kind] = track;
    this.call?.give(kind, track);
  }

  /** Another loudspeaker was chosen. */
  replay(): void {
    for (const voice of this.voices()) void this.play(voice);
  }

  toggle(): void {
    if (this.stateValue === "blocked") {
      this.stateValue = "on";
      this.replay();
      return;
    }
    this.wanted = !this.wanted;
    rememberSound(localStorage, { ...rememberedSound(localStorage), captionsOnly: !this.wanted });
    this.meet();
  }

  close(): void {
    this.wanted = false;
    this.hangUp();
    this.element.hidden = true;
  }

  stateValueChanged(): void {
    for (const label of this.labelTargets) label.hidden = label.dataset.state !== this.stateValue;
    this.buttonTarget.ariaPressed = String(this.stateValue === "on");
    announce("hearing:changed", { wanted: this.wanted, on: this.stateValue === "on" || this.stateValue === "blocked" });
  }

  private calling(): Call {
    if (this.call) return this.call;
    this.call = new Call(this.store?.you ?? "", this.store?.iceServers ?? [], {
      send: (to, kind, negotiation, body) =>
        announce("room:signal", { request: { type: "signal", to, kind, negotiation, body } }),
      heard: (id, media) => this.voice(id, media),
      seen: (id, media) => announce("room:seen", { id, media }),
      gone: (id) => this.gone(id),
    });
    for (const kind of ["audio", "video"] as const) this.call.give(kind, this.tracks[kind]);
    return this.call;
  }

  private hangUp(): void {
    this.call?.close();
    this.call = null;
  }

  private gone(id: string): void {
    this.voices()
      .find((voice) => voice.dataset.participant === id)
      ?.remove();
    announce("room:seen", { id, media: null });
  }

  private voice(id: string, media: MediaStream): void {
    const known = this.voices().find((voice) => voice.dataset.participant === id);
    const voice = known ?? document.createElement("audio");
    voice.dataset.participant = id;
    voice.srcObject = media;
    if (!known) this.voicesTarget.append(voice);
    void this.play(voice);
  }

  /** Browsers that play nothing before a click say so: the button then asks for one. */
  private async play(voice: HTMLAudioElement): Promise<void> {
    const { speaker } = rememberedSound(localStorage);
    try {
      if (speaker && "setSinkId" in voice) await voice.setSinkId(speaker).catch(() => undefined);
      await voice.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.stateValue = "blocked";
    }
  }

  private voices(): HTMLAudioElement[] {
    return Array.from(this.voicesTarget.querySelectorAll("audio"));
  }
}
