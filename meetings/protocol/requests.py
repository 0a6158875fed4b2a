"""What clients send as text: on the room socket, and on the audio socket beside frames."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from meetings.protocol.events import MarkKind, SignalKind

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
    """`hearing`: wants to hear the others, and to be heard; without it somebody takes captions only."""

    muted: bool
    hearing: bool = False


class Signal(Struct, tag="signal", forbid_unknown_fields=True):
    """WebRTC signalling to one participant's page: `body` is theirs to read (SDP, or a candidate as JSON).

    `negotiation` names the connection that it is about, from its first offer on.
    """

    to: UUID
    kind: SignalKind
    negotiation: Annotated[str, Meta(max_length=36)] = ""
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


class AgreeToKeeping(Struct, tag="audio.agree", forbid_unknown_fields=True):
    """Whether one's own audio may be kept, where a host has turned that on; it holds from now on."""

    agreed: bool


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
    keep_audio: bool | None = None


HostRequest = Rename | AskMute | LowerHand | Remove | Admit | SetMeeting
RoomRequest = Hello | Ping | State | Hand | Signal | AddMark | EditMark | EditSegment | AgreeToKeeping | HostRequest

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
