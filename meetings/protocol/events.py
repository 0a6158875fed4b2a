"""What the server sends."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from transcription.latency import Stage

SignalKind = Literal["hello", "ready", "offer", "answer", "candidate", "bye"]
MarkKind = Literal["decision", "action", "note", "chat"]


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
    hearing: bool  # wants to hear the others, and does not take captions only
    hand_ms: int | None  # when the hand was raised, in ms since the epoch
    audio_agreed: bool | None  # to their audio being kept; null while they have not answered


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
    copy: bool  # another microphone heard the same voice better: not shown unless asked for


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
    hearing: bool


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
    negotiation: str
    body: str


class MeetingChanged(Struct, tag="meeting.changed"):
    locked: bool
    waiting_room: bool
    keep_audio: bool  # of those who agree


class OffRecordChanged(Struct, tag="off_record.changed"):
    """A stretch that is not transcribed, from `start_ms`; while it goes on `end_ms` is null."""

    id: int
    start_ms: int
    end_ms: int | None
    name: str  # of the host who began it


class MuteAsked(Struct, tag="mute.asked"):
    """A host asks you to turn your microphone off."""

    name: str


class WordsMissed(Struct, tag="words.missed"):
    """To the one who speaks: so much speech, by voice activity, has given no words since their last ones."""

    seconds: int


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
    keeping: Literal["stuck"] | UnsetType = UNSET  # audio that should be kept cannot be stored just now


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
    | WordsMissed
    | Signalled
    | WaitingChanged
    | Status
    | MeetingEnded
    | Pong
    | Error
)
AudioEvent = AudioReady | AudioAck | AudioHold | AudioSummary | Pong | Error
