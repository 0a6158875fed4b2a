"""The protocol of `/v1/stt/stream`: JSON texts, and binary messages that are bare PCM16 little-endian mono at 16 kHz.

The server counts the samples. Its `ready` and `ack` say how many it has: after a broken connection a program comes back
with `session_id` and goes on from there.
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta, Struct

from meetings.languages import LANGUAGE_CHOICES
from meetings.protocol.events import CaptionFinal, Error, WordView
from meetings.protocol.frames import MAX_FRAME_BYTES
from meetings.protocol.refusals import ProtocolError

MAX_MESSAGE_BYTES = 2 * MAX_FRAME_BYTES  # a chunk in base64, and its braces


class Audio(Struct, tag="audio", forbid_unknown_fields=True):
    """A chunk of 20 to 1,000 ms."""

    chunk: str  # base64 of PCM16
    age_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 0  # how long ago its end was spoken
    session_id: Annotated[str, Meta(max_length=36)] = ""


class KeepAlive(Struct, tag="keep_alive", forbid_unknown_fields=True):
    """There is nothing to hear, but I am here."""


class Finalize(Struct, tag="finalize", forbid_unknown_fields=True):
    """What was said so far becomes final now."""


class Close(Struct, tag="close", forbid_unknown_fields=True):
    """Flush, answer with `summary`, and end the session."""


Request = Audio | KeepAlive | Finalize | Close


class Ready(Struct, tag="ready"):
    session_id: str
    meeting_id: str  # where the API has what was said
    sample_rate: int
    next_sample: int


class Ack(Struct, tag="ack"):
    next_sample: int  # all before is kept safe


class Hold(Struct, tag="hold"):
    """The server cannot take audio now and tries again for some seconds: slow down."""

    next_sample: int
    retry_ms: int


class PartialText(Struct, tag="partial"):
    """Replaces the partial before it; `new_text` is what it has beyond that."""

    session_id: str
    text: str
    new_text: str
    timestamp: int  # ms from the session's start, where the utterance begins
    end_ms: int
    language: str
    confidence: float  # 0…1, of the words as they were heard last; 0 without words


class FinalText(Struct, tag="final"):
    session_id: str  # another one for what others said
    speaker: str
    text: str
    new_text: str
    timestamp: int
    end_ms: int
    language: str
    confidence: float
    segment_id: int
    words: list[WordView] | None = None  # where the connection asked for them


class Summary(Struct, tag="summary"):
    session_id: str
    next_sample: int
    finals: int  # that this connection was sent
    complete: bool  # false: the last words come later, through the API


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the socket says."""

    meeting: str = ""
    language: str = ""
    session_id: str = ""
    words: bool = False
    everybody: bool = False  # finals of all people in the meeting
    after: int | None = None  # segment id of the last final that was heard; with session_id

    @classmethod
    def of(cls, query: bytes) -> "Asked":
        """Raises ProtocolError for a language that meetings cannot have."""
        given = {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}
        on, after = {"1", "true"}, given.get("after", "")
        if given.get("language", "") not in dict(LANGUAGE_CHOICES):
            raise ProtocolError("language_unknown", "This language is not known here.")
        return cls(
            meeting=given.get("meeting", ""),
            language=given.get("language", ""),
            session_id=given.get("session_id", ""),
            words=given.get("words") in on,
            everybody=given.get("everybody") in on,
            after=int(after) if after.isdecimal() and len(after) < 19 else None,
        )


Event = Ready | Ack | Hold | PartialText | FinalText | Summary | Error

_T = TypeVar("_T")
_requests = msgspec.json.Decoder(Request)


def decode_request(text: str) -> Request:
    """Raises ProtocolError."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise ProtocolError("message_too_large", f"a message may have {MAX_MESSAGE_BYTES} characters")
    try:
        request: Request = _requests.decode(text)
    except msgspec.ValidationError as error:
        raise ProtocolError("message_invalid", str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ProtocolError("not_json", "the message is not JSON") from error
    return request


def decode_chunk(chunk: str) -> bytes:
    """Raises ProtocolError."""
    try:
        return checked(b64decode(chunk.encode("ascii"), validate=True))
    except ValueError as error:
        raise ProtocolError("chunk_invalid", "a chunk is base64 of PCM16") from error


def checked(pcm: bytes) -> bytes:
    """Whole samples, and not too many; raises ProtocolError."""
    if not pcm or len(pcm) % 2:
        raise ProtocolError("chunk_invalid", "a chunk holds whole 16-bit samples, at least one")
    if len(pcm) > MAX_FRAME_BYTES:
        raise ProtocolError("chunk_too_large", f"a chunk may have {MAX_FRAME_BYTES} bytes")
    return pcm


def encode(event: Event) -> str:
    return msgspec.json.encode(event).decode()


def final_text(caption: CaptionFinal, new_text: str, *, words: bool) -> FinalText:
    return FinalText(
        session_id=caption.stream_id,
        speaker=caption.name,
        text=caption.text,
        new_text=new_text,
        timestamp=caption.start_ms,
        end_ms=caption.end_ms,
        language=caption.language,
        confidence=caption.confidence,
        segment_id=caption.segment_id,
        words=caption.words if words else None,
    )


def added(before: str, text: str) -> str:
    """What `text` has beyond the words it shares with `before`."""
    old, new = before.split(), text.split()
    shared = 0
    while shared < min(len(old), len(new)) and old[shared] == new[shared]:
        shared += 1
    return " ".join(new[shared:])
