"""The room protocol: every message of both sockets, its refusals and its close codes.

JSON texts are msgspec structs tagged by `type`; audio frames are binary. `tests/wire/*.json` holds golden messages
that pytest and vitest both read.
"""

import struct
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from transcription.latency import Stage

MAX_TEXT_BYTES = 16 * 1024
MAX_FRAME_BYTES = 64 * 1024
MAX_SAMPLE = 2**48  # some 500 years; above it a number is nonsense
SignalKind = Literal["hello", "ready", "offer", "answer", "candidate", "bye"]
MarkKind = Literal["decision", "action", "note", "chat"]
SAMPLE_RATES = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class CloseCode(IntEnum):
    """Why the server closed a socket. The browser does not retry the codes from 4400 to 4499."""

    RESTARTING = 1012  # the server goes down for a deploy: reconnect at once
    BAD_MESSAGES = 4400  # too many refused messages
    NOT_SIGNED_IN = 4401  # no session, or it ended while connected
    REMOVED = 4403  # a host removed the participant
    SCOPE_MISSING = 4405  # a program's token may not do this
    NOT_FOUND = 4404  # no such meeting, or not a participant of it
    SUPERSEDED = 4409  # the same participant opened another tab
    MEETING_ENDED = 4410
    TOO_LARGE = 4413  # a frame beyond MAX_FRAME_BYTES
    WAITING = 4423  # a host has not let the person in yet
    TOO_FAST = 4429  # audio far faster than real time
    SILENT_CLIENT = 4508  # no sign of life, or the client stopped reading: reconnect
    TRY_LATER = 4503  # a store is away: reconnect


class ProtocolError(Exception):
    """A message that is refused. `code` is stable and for programs, the text is for people, `about` an id in it."""

    def __init__(self, code: str, message: str, about: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about


# ── What clients send on the room socket ────────────────────────────────────────────────────────────────────────────


class Hello(Struct, tag="hello", forbid_unknown_fields=True):
    """First message: the last sequence the client has (0 for none); the answer is `welcome` and what it missed."""

    last_sequence: Annotated[int, Meta(ge=0, le=2**31)] = 0
    last_change: Annotated[int, Meta(ge=0, le=2**31)] = 0  # the same of marks
    last_edit: Annotated[int, Meta(ge=0, le=2**31)] = 0  # and of changed captions


class Ping(Struct, tag="ping", forbid_unknown_fields=True):
    """Every 5 s. `echo` is the `n` of the last `pong` received: it shows that the client still reads.

    `rtt_ms` is how long that pong took to come.
    """

    echo: Annotated[int, Meta(ge=0, le=2**31)] = 0
    rtt_ms: Annotated[int, Meta(ge=0, le=60_000)] | UnsetType = UNSET


class State(Struct, tag="state", forbid_unknown_fields=True):
    muted: bool


class Signal(Struct, tag="signal", forbid_unknown_fields=True):
    """WebRTC signalling to one participant's page: `body` is theirs to read (SDP, or a candidate as JSON)."""

    to: UUID
    kind: SignalKind
    body: Annotated[str, Meta(max_length=14_000)] = ""


class Hand(Struct, tag="hand", forbid_unknown_fields=True):
    raised: bool


class AddMark(Struct, tag="mark", forbid_unknown_fields=True):
    """Flag a caption (`sequence`), or this moment. The page makes the id, so a mark sent twice is stored once."""

    id: UUID
    kind: MarkKind
    text: Annotated[str, Meta(max_length=2_000)]
    owner: Annotated[str, Meta(max_length=80)] = ""
    due: date | None = None
    sequence: Annotated[int, Meta(ge=1, le=2**31)] | None = None


class EditMark(Struct, tag="mark.edit", forbid_unknown_fields=True):
    """Change one's own mark (a host: any), take it back or undo that. `revision` is the one the page shows."""

    id: UUID
    revision: Annotated[int, Meta(ge=0, le=2**31)]
    kind: MarkKind
    text: Annotated[str, Meta(max_length=2_000)]
    owner: Annotated[str, Meta(max_length=80)] = ""
    due: date | None = None
    withdrawn: bool = False


class EditSegment(Struct, tag="segment.edit", forbid_unknown_fields=True):
    """Correct one's own caption (a host: any). `revision` is the one the page shows."""

    sequence: Annotated[int, Meta(ge=1, le=2**31)]
    revision: Annotated[int, Meta(ge=0, le=2**31)]
    text: Annotated[str, Meta(max_length=10_000)]


class Rename(Struct, tag="participant.rename", forbid_unknown_fields=True):
    """Everybody renames themselves, a host anybody."""

    participant_id: UUID
    name: Annotated[str, Meta(max_length=80)]


class AskMute(Struct, tag="participant.ask_mute", forbid_unknown_fields=True):
    """A host asks somebody to turn the microphone off."""

    participant_id: UUID


class LowerHand(Struct, tag="participant.lower_hand", forbid_unknown_fields=True):
    """A host lowers somebody's hand: it was their turn."""

    participant_id: UUID


class Remove(Struct, tag="participant.remove", forbid_unknown_fields=True):
    """A host sends somebody out, or away who waits; they cannot come back."""

    participant_id: UUID


class Admit(Struct, tag="participant.admit", forbid_unknown_fields=True):
    """A host lets somebody in who waits."""

    participant_id: UUID


class SetMeeting(Struct, tag="meeting.set", forbid_unknown_fields=True):
    """A host's switches; one that is not named stays as it is."""

    locked: bool | None = None
    waiting_room: bool | None = None
    off_record: bool | None = None


HostRequest = Rename | AskMute | LowerHand | Remove | Admit | SetMeeting
RoomRequest = Hello | Ping | State | Hand | Signal | AddMark | EditMark | EditSegment | HostRequest

# ── What clients send on the audio socket, beside frames ────────────────────────────────────────────────────────────


class AudioStart(Struct, tag="audio.start", forbid_unknown_fields=True):
    """Begin a stream, or go on with `stream_id` after a reconnect or a reload."""

    sample_rate: int = 16_000
    encoding: Literal["pcm16"] = "pcm16"
    language: Annotated[str, Meta(max_length=16, pattern=r"^[A-Za-z0-9-]*$")] = ""
    shared: bool = False  # several people speak into this microphone
    stream_id: Annotated[str, Meta(max_length=36)] = ""


class AudioStop(Struct, tag="audio.stop", forbid_unknown_fields=True):
    """Muted or leaving: flush a final. The stream may go on later with `audio.start`."""


AudioRequest = AudioStart | AudioStop | Ping

# ── What the server sends ───────────────────────────────────────────────────────────────────────────────────────────


class MeetingView(Struct):
    code: str
    title: str
    status: str
    started_at: str | None  # ISO 8601
    language: str


class ParticipantView(Struct):
    id: str
    name: str
    role: str
    color: int
    present: bool
    muted: bool
    hand_ms: int | None  # when the hand was raised, in ms since the epoch


class WordView(Struct):
    text: str
    start_ms: int
    end_ms: int
    confidence: float


class IceServer(Struct, omit_defaults=True):
    """As RTCPeerConnection takes it."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class Welcome(Struct, tag="welcome"):
    meeting: MeetingView
    participants: list[ParticipantView]
    you: str  # participant id
    sequence: int  # the newest in the store; finals after `last_sequence` follow at once
    ice_servers: list[IceServer] = []  # for hearing each other; none are needed on one network


class CaptionPartial(Struct, tag="caption.partial"):
    stream_id: str
    participant_id: str
    start_ms: int
    end_ms: int
    text: str
    stable_chars: int
    language: str
    direction: Literal["ltr", "rtl"]


class SegmentView(Struct):
    """A stored segment; `kind` "gap" is audio that never arrived and has no text."""

    sequence: int
    segment_id: int
    kind: Literal["speech", "gap"]
    stream_id: str
    participant_id: str
    name: str
    color: int
    start_ms: int
    end_ms: int
    text: str
    words: list[WordView]
    language: str
    direction: Literal["ltr", "rtl"]
    confidence: float
    revision: int


class CaptionFinal(SegmentView, tag="caption.final"):
    """A new segment, as it stands now."""


class SegmentUpdated(SegmentView, tag="segment.updated"):
    """A segment that somebody corrected. All after `hello {last_edit}` follow the welcome."""

    edit: int


class MarkChanged(Struct, tag="mark.changed"):
    """A mark as it stands now: added, changed or taken back. All after `hello {last_change}` follow the welcome."""

    change: int
    id: str
    kind: MarkKind
    text: str
    owner: str
    due: str | None  # ISO 8601 date
    at_ms: int
    sequence: int | None  # of the caption it belongs to
    participant_id: str
    name: str
    color: int
    revision: int
    withdrawn: bool


class ParticipantJoined(Struct, tag="participant.joined"):
    participant: ParticipantView


class ParticipantLeft(Struct, tag="participant.left"):
    participant_id: str


class ParticipantState(Struct, tag="participant.state"):
    participant_id: str
    muted: bool


class ParticipantHand(Struct, tag="participant.hand"):
    participant_id: str
    hand_ms: int | None  # when it was raised, in ms since the epoch; None when it is down


class StageView(Struct):
    """One stage of a caption's way in the last minute; "caption" is the whole."""

    stage: Stage
    p50_ms: int
    p95_ms: int


class LatencyView(Struct):
    """How late the meeting's captions were in the last minute; `late` is the share (0…1) beyond the limit."""

    limit_ms: int
    late: float
    stages: list[StageView]


class Signalled(Struct, tag="signalled"):
    """WebRTC signalling from another participant's page."""

    sender: str
    kind: SignalKind
    body: str


class MeetingChanged(Struct, tag="meeting.changed"):
    locked: bool
    waiting_room: bool


class OffRecordChanged(Struct, tag="off_record.changed"):
    """A stretch that is not transcribed, from `start_ms`; while it goes on `end_ms` is null."""

    id: int
    start_ms: int
    end_ms: int | None
    name: str  # of the host who began it


class MuteAsked(Struct, tag="mute.asked"):
    """A host asks you to turn your microphone off."""

    name: str


class WaitingView(Struct):
    id: str
    name: str


class WaitingChanged(Struct, tag="waiting.changed"):
    """To hosts: everybody who waits to be let in."""

    people: list[WaitingView]


class Status(Struct, tag="status"):
    """Every few seconds: is anybody transcribing, how late, and the newest sequence (a client behind it asks again).

    "reduced": it ran out of memory and goes on with less; "away": a server it depends on does not answer.
    """

    transcriber: Literal["ready", "reduced", "away", "loading", "absent"]
    lag_ms: int
    sequence: int
    latency: LatencyView | UnsetType = UNSET  # absent while nobody speaks


class MeetingEnded(Struct, tag="meeting.ended"):
    """`complete` is false while the last words are still being recognised ("finishing…")."""

    complete: bool


class Pong(Struct, tag="pong"):
    n: int


class Error(Struct, tag="error", omit_defaults=True):
    """A refusal. The socket stays open unless a close follows."""

    code: str
    message: str
    about: str = ""  # the id in the refused message, of a mark for example


class AudioReady(Struct, tag="audio.ready"):
    stream_id: str
    next_sample: int  # send from here; all before is in the bus


class AudioAck(Struct, tag="audio.ack"):
    next_sample: int  # all before is in the bus and need not be kept


class AudioHold(Struct, tag="audio.hold"):
    """The bus cannot take audio now: keep it, send again from `next_sample` after `retry_ms`."""

    next_sample: int
    retry_ms: int


class AudioSummary(Struct, tag="audio.summary"):
    """Answer to `audio.stop`: what this connection did."""

    stream_id: str
    next_sample: int
    frames: int
    duplicate_frames: int
    gap_samples: int


RoomEvent = (
    Welcome
    | CaptionPartial
    | CaptionFinal
    | SegmentUpdated
    | MarkChanged
    | ParticipantJoined
    | ParticipantLeft
    | ParticipantState
    | ParticipantHand
    | MeetingChanged
    | OffRecordChanged
    | MuteAsked
    | Signalled
    | WaitingChanged
    | Status
    | MeetingEnded
    | Pong
    | Error
)
AudioEvent = AudioReady | AudioAck | AudioHold | AudioSummary | Pong | Error

# ── Binary audio frames ─────────────────────────────────────────────────────────────────────────────────────────────

FRAME_VERSION = 1
FRAME_HEADER = struct.Struct("<BBHIQ")  # version, flags (0), reserved (0), age_ms, first_sample: 16 bytes


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """PCM16 little-endian mono at the stream's rate; `age_ms` is how long the page had it before sending."""

    first_sample: int
    age_ms: int
    pcm: bytes
    captured_ms: float = 0.0  # of the last sample, on the servers' clock; not on the wire: known on arrival

    @property
    def sample_count(self) -> int:
        return len(self.pcm) // 2


def encode_frame(frame: AudioFrame) -> bytes:
    return FRAME_HEADER.pack(FRAME_VERSION, 0, 0, frame.age_ms, frame.first_sample) + frame.pcm


def decode_frame(data: bytes) -> AudioFrame:
    """Parse a binary message; raises ProtocolError with what is wrong with it."""
    if len(data) > MAX_FRAME_BYTES:
        raise ProtocolError("frame_too_large", f"a frame may have {MAX_FRAME_BYTES} bytes, this one has {len(data)}")
    if len(data) <= FRAME_HEADER.size:
        raise ProtocolError("frame_too_short", "a frame is a 16-byte header and at least one sample")
    version, flags, reserved, age_ms, first_sample = FRAME_HEADER.unpack_from(data)
    if version != FRAME_VERSION or flags or reserved:
        raise ProtocolError("frame_version", f"frame version {version} with flags {flags} is not known here")
    if len(data) % 2:
        raise ProtocolError("frame_odd_length", "16-bit samples need an even number of bytes")
    if first_sample > MAX_SAMPLE:
        raise ProtocolError("frame_out_of_range", f"sample {first_sample} is beyond any stream")
    return AudioFrame(first_sample, age_ms, data[FRAME_HEADER.size :])


# ── JSON texts ──────────────────────────────────────────────────────────────────────────────────────────────────────

_Request = TypeVar("_Request")
_encoder = msgspec.json.Encoder()
_room_decoder = msgspec.json.Decoder(RoomRequest)
_audio_decoder = msgspec.json.Decoder(AudioRequest)


def encode(message: RoomEvent | AudioEvent) -> str:
    return _encoder.encode(message).decode()


def decode_room_request(text: str) -> RoomRequest:
    request: RoomRequest = _decode(_room_decoder, text)
    return request


def decode_audio_request(text: str) -> AudioRequest:
    request: AudioRequest = _decode(_audio_decoder, text)
    return request


def _decode(decoder: "msgspec.json.Decoder[_Request]", text: str) -> _Request:
    if len(text) > MAX_TEXT_BYTES:
        raise ProtocolError("message_too_large", f"a message may have {MAX_TEXT_BYTES} characters")
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise ProtocolError("message_invalid", str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ProtocolError("not_json", "the message is not JSON") from error
