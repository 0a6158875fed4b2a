"""The truth: who met, who spoke, what was said. Times are integer milliseconds from the meeting's start."""

from meetings.models.audit import AuditEntry
from meetings.models.batch import Batch
from meetings.models.documents import Document
from meetings.models.keeping import KeptPiece, KeptSpan
from meetings.models.meeting import Meeting, ShareLink, new_join_code
from meetings.models.minutes import Minutes
from meetings.models.people import ApiToken, User
from meetings.models.proposals import Proposal
from meetings.models.recordings import Job, Recording
from meetings.models.repeating import IdempotencyKey
from meetings.models.second_pass import SecondPass, Suggestion
from meetings.models.speaking import AudioStream, OffRecord, Participant
from meetings.models.transcript import FOR_SOFTWARE, Mark, ReviewStep, Segment, SegmentRevision
from meetings.models.voices import KnownVoice
from meetings.models.webhooks import Delivery, Webhook

__all__ = [
    "FOR_SOFTWARE",
    "ApiToken",
    "AudioStream",
    "AuditEntry",
    "Batch",
    "Delivery",
    "Document",
    "IdempotencyKey",
    "Job",
    "KeptPiece",
    "KeptSpan",
    "KnownVoice",
    "Mark",
    "Meeting",
    "Minutes",
    "OffRecord",
    "Participant",
    "Proposal",
    "Recording",
    "ReviewStep",
    "SecondPass",
    "Segment",
    "SegmentRevision",
    "ShareLink",
    "Suggestion",
    "User",
    "Webhook",
    "new_join_code",
]
