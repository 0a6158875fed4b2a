"""Minutes and marks as programs write them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from ninja import Field, Schema
from pydantic import AfterValidator, StrictBool

from meetings.api.schemas import PRINTABLE, Day, Input, printable
from meetings.services.minutes import MAX_ITEMS

MAX_MS = 2**53


_CHECKED = AfterValidator(printable)
Name = Annotated[str, Field(max_length=80, json_schema_extra=PRINTABLE), _CHECKED]
Line = Annotated[str, Field(max_length=200, json_schema_extra=PRINTABLE), _CHECKED]
Names = Annotated[str, Field(max_length=1_000, json_schema_extra=PRINTABLE), _CHECKED]
Item = Annotated[str, Field(min_length=1, max_length=2_000, json_schema_extra=PRINTABLE), _CHECKED]
Paragraph = Annotated[str, Field(max_length=5_000, json_schema_extra=PRINTABLE), _CHECKED]
Text = Annotated[str, Field(max_length=10_000, json_schema_extra=PRINTABLE), _CHECKED]


class Discussed(Input):
    item: Text = Field(description="Of the agenda.")
    text: Paragraph = ""


Evidence = Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]], Field(max_length=100)]


class Decided(Input):
    text: Item
    at_ms: int | None = Field(None, ge=0, le=MAX_MS, strict=True, description="When it was said.")
    evidence: Evidence = Field([], description="Sequences of segments of the meeting that support it.")
    machine: StrictBool = Field(False, description="The words are a language model's.")


class Agreed(Input):
    text: Item
    owner: Name = ""
    due: Day | None = None
    done: StrictBool = False
    at_ms: int | None = Field(None, ge=0, le=MAX_MS, strict=True)
    evidence: Evidence = Field([])
    machine: StrictBool = False


class MinutesChange(Input):
    """Only what is given is changed."""

    revision: int = Field(
        ge=0, le=2**31 - 1, strict=True, description="The one that was read: a later one is a conflict."
    )
    place: Line | None = None
    chair: Name | None = None
    absent: Names | None = Field(None, description="Invited, and never came; commas between names.")
    summary: Text | None = None
    next_meeting: Line | None = None
    template: Literal["formal", "short", "transcript"] | None = None
    discussion: Annotated[list[Discussed], Field(max_length=MAX_ITEMS)] | None = None
    decisions: Annotated[list[Decided], Field(max_length=MAX_ITEMS)] | None = None
    actions: Annotated[list[Agreed], Field(max_length=MAX_ITEMS)] | None = None


class MinutesOut(Schema):
    revision: int = Field(description="0: nobody wrote any yet; this is how they begin.")
    place: str
    chair: str
    absent: str
    summary: str
    next_meeting: str
    template: str
    discussion: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    approved_at: datetime | None
    approved_by: str


class NewMark(Input):
    id: UUID = Field(default_factory=uuid4, description="Yours to choose: the same mark sent twice is stored once.")
    kind: Literal["decision", "action", "note", "chat"]
    text: Item
    owner: Name = ""
    due: Day | None = None
    sequence: int | None = Field(
        None, ge=1, le=2**31 - 1, strict=True, description="Of the segment it belongs to; else: now."
    )


class MarkChange(Input):
    """Only what is given is changed."""

    revision: int = Field(
        ge=0, le=2**31 - 1, strict=True, description="The one you read: a mark changed since is a conflict."
    )
    kind: Literal["decision", "action", "note", "chat"] | None = None
    text: Item | None = None
    owner: Name | None = None
    due: Day | None = Field(None, description="null takes it away.")
    withdrawn: StrictBool | None = Field(None, description="Taken back, or brought back.")
