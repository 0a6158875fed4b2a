"""What a request names, for those who may see it; for all others there is none."""

from uuid import UUID

from meetings.api.problems import not_found
from meetings.models import Meeting, Segment, User
from meetings.services import access


def readable_meeting(user: User, meeting_id: UUID) -> Meeting:
    meeting = Meeting.objects.select_related("host").filter(pk=meeting_id).first()
    if meeting is None or not access.may_read(meeting, user, {}):
        raise not_found("meeting")
    return meeting


def readable_segment(user: User, segment_id: int) -> Segment:
    segment = Segment.objects.select_related("meeting__host", "participant").filter(pk=segment_id, hidden=False).first()
    if segment is None or not access.may_read(segment.meeting, user, {}):
        raise not_found("segment")
    return segment
