// What the room's controllers tell each other, as events on the window.
import type { CapturedFrame } from "../audio/framer";
import type { UplinkState } from "../audio/uplink";
import type {
  AddMark,
  AgreeToKeeping,
  CaptionFinal,
  EditMark,
  EditSegment,
  HostRequest,
  MarkKind,
  Refusal,
  Signalled,
  SignalRequest,
} from "../protocol";
import type { Situation } from "./situation";
import type { RoomStore } from "./store";

/** `room:changed` */
export type RoomChanged = CustomEvent<{ store: RoomStore; final: CaptionFinal | null; marksWaiting?: number }>;
/** `room:link` */
export type LinkChanged = CustomEvent<{ link: Situation["link"]; code: number }>;
/** `microphone:changed` */
export type MicrophoneChanged = CustomEvent<{
  state: MicrophoneState;
  uplink: UplinkState | null;
  keptSeconds: number;
}>;
/** `microphone:refused` */
export type MicrophoneRefused = CustomEvent<{ code: number }>;

/** `mark:send`: somebody wrote a mark, or changed one. */
export type MarkSent = CustomEvent<{ request: AddMark | EditMark }>;
/** `line:send`: somebody corrected a line. */
export type LineSent = CustomEvent<EditSegment>;

/** `mark:compose`: open the form for a mark of a kind, on a caption or the newest one. */
export type MarkComposed = CustomEvent<{ kind: MarkKind; sequence: number | null }>;
/** `host:ask`: a host, or somebody for themselves, wants something done. */
export type HostAsked = CustomEvent<{ request: HostRequest | SignalRequest | AgreeToKeeping }>;
/** `room:mute-asked`: a host asks this person to turn the microphone off. */
export type MuteAsked = CustomEvent<{ name: string }>;
/** `room:record`: the meeting went off the record, or on again. */
export type RecordChanged = CustomEvent<{ off: boolean }>;
/** `room:signalled`: another page's WebRTC signal; `room:signal` sends one. */
export type RoomSignalled = CustomEvent<Signalled>;
/** `microphone:media`: what the others may hear, or null when there is no microphone. */
export type MicrophoneMedia = CustomEvent<{ media: MediaStream | null }>;
/** `camera:media`: what the others may see, or null when the camera is off. */
export type CameraMedia = CustomEvent<{ media: MediaStream | null }>;
/** `hearing:changed`: whether the person wants to hear the others, and whether the pages are connected to each other. */
export type HearingChanged = CustomEvent<{ wanted: boolean; on: boolean }>;
/** `room:seen`: somebody's picture, or null when there is none any more. */
export type RoomSeen = CustomEvent<{ id: string; media: MediaStream | null }>;
/** `room:denied`: the server did not take a message. */
export type RoomDenied = CustomEvent<Refusal>;

/** `microphone:heard`, with every 100 ms of audio */
export type MicrophoneHeard = CustomEvent<{ speaking: boolean }>;

/** `lobby:heard`, with every 100 ms of audio in the lobby; `lobby:lost` when its microphone went away. */
export type MicrophoneHeardInLobby = CustomEvent<{ frame: CapturedFrame; sampleRate: number }>;

export type MicrophoneState = "off" | "asking" | "on" | "muted";

export function announce(name: string, detail: object = {}): void {
  window.dispatchEvent(new CustomEvent(name, { detail }));
}
