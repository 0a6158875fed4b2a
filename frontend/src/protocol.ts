// The room protocol as the browser sees it. The server's side is meetings/protocol/; tests/wire holds golden
// messages that both read.

export const CLOSE = {
  restarting: 1012,
  notSignedIn: 4401,
  removed: 4403,
  notFound: 4404,
  superseded: 4409,
  meetingEnded: 4410,
  waiting: 4423,
} as const;

/** Sample rates the server takes, in Hz. */
export const SAMPLE_RATES: readonly number[] = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/** Codes from 4400 to 4499 are the server's last word: connecting again would be refused again. */
export function isFinalClose(code: number): boolean {
  return code >= 4400 && code <= 4499;
}

export interface MeetingView {
  code: string;
  title: string;
  status: string;
  started_at: string | null;
  language: string;
}

export interface ParticipantView {
  id: string;
  name: string;
  role: string;
  color: number;
  present: boolean;
  muted: boolean;
  /** Wants to hear the others, and does not take captions only. */
  hearing: boolean;
  /** When the hand was raised, in ms since the epoch. */
  hand_ms: number | null;
  /** To their audio being kept; null while they have not answered. */
  audio_agreed: boolean | null;
}

export interface WordView {
  text: string;
  start_ms: number;
  end_ms: number;
  confidence: number;
}

export interface Welcome {
  type: "welcome";
  meeting: MeetingView;
  participants: ParticipantView[];
  you: string;
  sequence: number;
  ice_servers: RTCIceServer[];
}

export interface CaptionPartial {
  type: "caption.partial";
  stream_id: string;
  participant_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  /** `text` up to here was agreed on by two decodes in a row, counted in Unicode code points. */
  stable_chars: number;
  language: string;
  direction: "ltr" | "rtl";
}

export interface CaptionFinal {
  type: "caption.final";
  sequence: number;
  segment_id: number;
  kind: "speech" | "gap";
  stream_id: string;
  participant_id: string;
  name: string;
  color: number;
  start_ms: number;
  end_ms: number;
  text: string;
  words: WordView[];
  language: string;
  direction: "ltr" | "rtl";
  confidence: number;
  revision: number;
  /** Another microphone heard the same voice better. */
  copy: boolean;
}

/** A segment that somebody corrected. */
export interface SegmentUpdated extends Omit<CaptionFinal, "type"> {
  type: "segment.updated";
  edit: number;
}

export type MarkKind = "decision" | "action" | "note" | "chat";

/** A mark as it stands now: added, changed or taken back. */
export interface Mark {
  type: "mark.changed";
  change: number;
  id: string;
  kind: MarkKind;
  text: string;
  owner: string;
  /** ISO 8601 date. */
  due: string | null;
  at_ms: number;
  /** Of the caption it belongs to. */
  sequence: number | null;
  participant_id: string;
  name: string;
  color: number;
  revision: number;
  withdrawn: boolean;
}

export interface Status {
  type: "status";
  transcriber: "ready" | "reduced" | "away" | "loading" | "absent";
  lag_ms: number;
  sequence: number;
  latency?: Latency;
  /** Audio that should be kept cannot be stored just now. */
  keeping?: "stuck";
}

/** One stage of a caption's way from the microphone to the page; "caption" is the whole. */
export type Stage = "capture" | "network" | "queue" | "vad" | "inference" | "store" | "fanout" | "caption";

/** How late captions were in the last minute; `late` is the share (0…1) beyond the limit. */
export interface Latency {
  limit_ms: number;
  late: number;
  stages: Array<{ stage: Stage; p50_ms: number; p95_ms: number }>;
}

/** How a host has set the meeting. */
export interface Doors {
  type: "meeting.changed";
  locked: boolean;
  waiting_room: boolean;
  /** The audio of those who agree is kept. */
  keep_audio: boolean;
}

/** A stretch that is not transcribed; `end_ms` is null while it goes on. */
export interface OffRecord {
  type: "off_record.changed";
  id: number;
  start_ms: number;
  end_ms: number | null;
  name: string;
}

/** To hosts: who waits to be let in. */
export interface Waiting {
  type: "waiting.changed";
  people: Array<{ id: string; name: string }>;
}

export type SignalKind = "hello" | "ready" | "offer" | "answer" | "candidate" | "bye";

export interface SignalRequest {
  type: "signal";
  to: string;
  kind: SignalKind;
  /** Names the connection that it is about, from its first offer on. */
  negotiation: string;
  body: string;
}

/** WebRTC signalling from another participant's page. */
export interface Signalled {
  type: "signalled";
  sender: string;
  kind: SignalKind;
  negotiation: string;
  body: string;
}

export type RoomEvent =
  | Welcome
  | CaptionPartial
  | CaptionFinal
  | SegmentUpdated
  | Mark
  | { type: "participant.joined"; participant: ParticipantView }
  | { type: "participant.left"; participant_id: string }
  | { type: "participant.state"; participant_id: string; muted: boolean; hearing: boolean }
  | { type: "participant.hand"; participant_id: string; hand_ms: number | null }
  | Doors
  | OffRecord
  | Waiting
  | { type: "mute.asked"; name: string }
  | { type: "words.missed"; seconds: number }
  | Signalled
  | Status
  | { type: "meeting.ended"; complete: boolean }
  | Pong
  | Refusal;

export type AudioEvent =
  | { type: "audio.ready"; stream_id: string; next_sample: number }
  | { type: "audio.ack"; next_sample: number }
  | { type: "audio.hold"; next_sample: number; retry_ms: number }
  | {
      type: "audio.summary";
      stream_id: string;
      next_sample: number;
      frames: number;
      duplicate_frames: number;
      gap_samples: number;
    }
  | Pong
  | Refusal;

export interface Pong {
  type: "pong";
  n: number;
}

export interface Refusal {
  type: "error";
  code: string;
  message: string;
  /** The id in the refused message, of a mark for example. */
  about?: string;
}

/** What a person writes of a mark. */
export interface MarkContent {
  kind: MarkKind;
  text: string;
  owner: string;
  /** ISO 8601 date. */
  due: string | null;
}

export type AddMark = { type: "mark"; id: string; sequence: number | null } & MarkContent;
export type EditMark = { type: "mark.edit"; id: string; revision: number; withdrawn: boolean } & MarkContent;

export type HostRequest =
  | { type: "participant.rename"; participant_id: string; name: string }
  | { type: "participant.ask_mute" | "participant.lower_hand"; participant_id: string }
  | { type: "participant.remove" | "participant.admit"; participant_id: string }
  | { type: "meeting.set"; locked?: boolean; waiting_room?: boolean; off_record?: boolean; keep_audio?: boolean };

/** Whether one's own audio may be kept. */
export interface AgreeToKeeping {
  type: "audio.agree";
  agreed: boolean;
}

/** `revision` is the one the page shows. */
export interface EditSegment {
  type: "segment.edit";
  sequence: number;
  revision: number;
  text: string;
}

export type RoomRequest =
  | { type: "hello"; last_sequence: number; last_change: number; last_edit: number }
  | { type: "ping"; echo: number; rtt_ms?: number }
  | { type: "state"; muted: boolean; hearing: boolean }
  | { type: "hand"; raised: boolean }
  | SignalRequest
  | AddMark
  | EditMark
  | HostRequest
  | AgreeToKeeping
  | EditSegment;

export type AudioRequest =
  | {
      type: "audio.start";
      sample_rate: number;
      encoding: "pcm16";
      language: string;
      shared: boolean;
      stream_id: string;
    }
  | { type: "audio.stop" }
  | { type: "ping"; echo: number; rtt_ms?: number };

export const FRAME_HEADER_BYTES = 16;
const FRAME_VERSION = 1;
const MAX_AGE_MS = 2 ** 32 - 1;

/** One binary audio message: header (version, flags, reserved, age in ms, first sample) and little-endian PCM16. */
export function encodeFrame(firstSample: number, ageMs: number, pcm: Int16Array): ArrayBuffer {
  const buffer = new ArrayBuffer(FRAME_HEADER_BYTES + pcm.length * 2);
  const view = new DataView(buffer);
  view.setUint8(0, FRAME_VERSION);
  view.setUint32(4, Math.min(Math.max(0, Math.round(ageMs)), MAX_AGE_MS), true);
  view.setBigUint64(8, BigInt(firstSample), true);
  for (let i = 0; i < pcm.length; i++) view.setInt16(FRAME_HEADER_BYTES + i * 2, pcm[i] as number, true);
  return buffer;
}
