"""What the API takes and gives. Times within a meeting are milliseconds from its start, moments ISO 8601 in UTC."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from ninja import Field, Header, Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict

from meetings.languages import LANGUAGE_CHOICES
from meetings.models import Mark, Meeting, Segment
from meetings.names import UNPRINTABLE, validate_visible

LANGUAGES = tuple(code for code, _ in LANGUAGE_CHOICES)
Status = Literal["scheduled", "live", "finishing", "ended"]
MarkKind = Literal["decision", "action", "note", "chat"]


def _visible(name: str) -> str:
    try:
        validate_visible(name)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from error
    return name


def printable(text: str) -> str:
    if UNPRINTABLE.search(text):
        raise ValueError("Control characters are not allowed here.")
    return _storable(text)


def _storable(text: str) -> str:
    """Half a character cannot be written as UTF-8."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("This is not Unicode text.")
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("No such time zone; one is written like Europe/Berlin.")
    return name


Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible), AfterValidator(_storable)]
PRINTABLE = {"pattern": r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"}  # for readers of the description
Terms = Annotated[str, Field(max_length=5_000, json_schema_extra=PRINTABLE), AfterValidator(printable)]
Agenda = Annotated[str, Field(max_length=10_000, json_schema_extra=PRINTABLE), AfterValidator(printable)]
Caption = Annotated[str, Field(max_length=10_000, json_schema_extra=PRINTABLE), AfterValidator(printable)]
Language = Annotated[str, Field(json_schema_extra={"enum": list(LANGUAGES)})]
IdempotencyKey = Annotated[
    str,
    Header(
        "",
        alias="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]*$",
        description="For a week the same request with the same key finds what it made, and makes nothing new.",
    ),
]
TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_zone)]


def _written(moment: object) -> object:
    """Not a number of seconds, which Pydantic would take as well."""
    if not isinstance(moment, str) or "T" not in moment.upper():
        raise ValueError("A moment is written like 2026-03-02T13:00:00Z.")
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]


def _day(value: object) -> object:
    """Not a number of seconds either."""
    if not isinstance(value, str) or len(value) != len("2026-03-02"):
        raise ValueError("A day is written like 2026-03-02.")
    return value


Day = Annotated[date, BeforeValidator(_day)]


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError("This language is not known here.")
    return code


KnownLanguage = Annotated[Language, AfterValidator(_language)]


class Input(Schema):
    model_config = ConfigDict(extra="forbid")


class NewMeeting(Input):
    title: Title
    language: KnownLanguage = Field("", description="BCP-47; empty finds it for each speaker.")
    agenda: Agenda = Field("", description="Names and terms in it help the recogniser.")
    terms: Terms = Field("", description="Names and terms that may be said, by line or comma: it listens for them.")
    time_zone: TimeZone = "UTC"


class MeetingChange(Input):
    """Only what is given is changed."""

    title: Title | None = None
    language: KnownLanguage | None = None
    agenda: Agenda | None = None
    terms: Terms | None = None
    time_zone: TimeZone | None = None


class MeetingOut(Schema):
    id: UUID
    code: str = Field(description="Whoever knows it may join.")
    join_url: str
    title: str
    language: str
    agenda: str
    terms: str
    time_zone: str
    status: Status
    host: str = Field(description="The name of the host.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    last_sequence: int = Field(description="Of the newest segment; 0 before the first.")

    @staticmethod
    def resolve_host(meeting: Meeting) -> str:
        return str(meeting.host)

    @staticmethod
    def resolve_join_url(meeting: Meeting) -> str:
        return f"{settings.BASE_URL}{reverse('meeting-join', args=[meeting.code])}"


class ParticipantOut(Schema):
    id: UUID
    display_name: str
    role: Literal["host", "member", "guest"]
    joined_at: datetime | None
    left_at: datetime | None


class WordOut(Schema):
    text: str
    start_ms: int
    end_ms: int
    confidence: float


class SegmentOut(Schema):
    id: int
    meeting_id: UUID
    sequence: int = Field(description="Its number in the meeting, without holes, in the order of storing.")
    kind: Literal["speech", "gap"] = Field(description="A gap is audio that never arrived.")
    participant_id: UUID
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    recognised_text: str = Field(description="As the recogniser heard it, before any correction.")
    language: str
    confidence: float
    revision: int = Field(description="How often the text was corrected.")
    words: list[WordOut] = Field(description="As recognised; empty unless `words=true`.")

    @staticmethod
    def of(segment: Segment, *, words: bool) -> "SegmentOut":
        return SegmentOut(
            **{name: getattr(segment, name) for name in _COPIED},
            speaker=segment.participant.display_name,
            words=[WordOut(**word) for word in segment.words] if words else [],
        )


_COPIED = (
    "id", "meeting_id", "sequence", "kind", "participant_id", "start_ms", "end_ms", "text", "recognised_text",
    "language", "confidence", "revision",
)  # fmt: skip


class Correction(Input):
    text: Caption
    revision: int = Field(
        ge=0, le=2**31 - 1, strict=True, description="The one that was read: a later one is a conflict."
    )


class RevisionOut(Schema):
    revision: int
    text_before: str
    text_after: str
    author_name: str
    created_at: datetime


class MarkOut(Schema):
    id: UUID
    kind: MarkKind
    text: str
    owner: str = Field(description="Of an action item; need not be a participant.")
    due: date | None
    at_ms: int
    author: str
    segment_id: int | None
    revision: int
    withdrawn: bool
    created_at: datetime

    @staticmethod
    def resolve_withdrawn(mark: Mark) -> bool:
        return mark.withdrawn_at is not None

    @staticmethod
    def resolve_author(mark: Mark) -> str:
        return mark.author.display_name


class ProblemOut(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="For people.")
    errors: list[dict[str, Any]] = Field(default_factory=list, description="Of a 422: field and message of each.")
