"""Acts on the product from inside, as an administrator's shell would: JSON lines on stdin, answers on stdout.

Runs with a connection of its own to the stores, past the proxies, so that a test can look at the truth during a fault.
"""

import json
import sys
import traceback
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY  # noqa: E402
from django.contrib.auth import SESSION_KEY as SIGNED_IN_USER  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core import serializers  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from meetings.models import (  # noqa: E402
    AudioStream,
    Batch,
    Delivery,
    Document,
    Job,
    KeptPiece,
    Meeting,
    Participant,
    Recording,
    Segment,
    User,
    Webhook,
)
from meetings.protocol.requests import AddMark  # noqa: E402
from meetings.redis import with_redis  # noqa: E402
from meetings.services import (  # noqa: E402
    attendance,
    corrections,
    keeping,
    marks,
    privacy,
    retention,
    rooms,
    sharing,
    tokens,
)
from meetings.services.access import SESSION_KEY, overlay_key  # noqa: E402
from meetings.services.audit import problems  # noqa: E402
from tests.faults.addresses import addresses_of, belongings  # noqa: E402


def make_meeting(people: int, language: str = "en") -> dict[str, Any]:
    """A meeting with guests who each have a session."""
    number = User.objects.count()
    host = User.objects.create(email=f"host{number}@example.org", display_name=f"Host {number}")
    meeting = Meeting.objects.create(host=host, title=f"Meeting {number}", language=language)
    guests = [_guest(meeting, index) for index in range(people)]
    return {"code": meeting.code, "guests": guests}


def _guest(meeting: Meeting, index: int) -> dict[str, str]:
    guest = Participant.objects.create(
        meeting=meeting, display_name=f"Guest {index}", role=Participant.Role.GUEST, color=index
    )
    session = SessionStore()
    session[SESSION_KEY] = {str(meeting.pk): str(guest.pk)}
    session.create()
    return {"session": str(session.session_key), "participant": str(guest.pk)}


def end_meeting(code: str) -> None:
    rooms.end_meeting(Meeting.objects.get(code=code))


def meeting_status(code: str) -> str:
    return Meeting.objects.get(code=code).status


def segments(code: str) -> list[dict[str, Any]]:
    found = Segment.objects.filter(meeting__code=code).order_by("sequence")
    fields = ("sequence", "kind", "text", "start_sample", "end_sample", "revision")
    return [{"stream": str(one.stream_id)} | {name: getattr(one, name) for name in fields} for one in found]


def streams(code: str) -> list[dict[str, Any]]:
    found = AudioStream.objects.filter(participant__meeting__code=code)
    return [{"id": str(one.pk), "fence": one.fence, "settled_sample": one.settled_sample} for one in found]


def present(participant: str) -> bool:
    return Participant.objects.get(pk=participant).left_at is None


def audit(code: str) -> list[str]:
    return list(problems(Meeting.objects.get(code=code)))


def backdate(code: str, seconds: int) -> None:
    """As if the meeting had begun that much earlier."""
    earlier = timedelta(seconds=seconds)
    AudioStream.objects.filter(participant__meeting__code=code).update(started_at=F("started_at") - earlier)


def seat_host(code: str) -> dict[str, str]:
    """The host comes to the meeting."""
    meeting = Meeting.objects.get(code=code)
    seat = Participant.objects.create(
        meeting=meeting, user=meeting.host, display_name=meeting.host.display_name, role=Participant.Role.HOST
    )
    return {"session": _signed_in(meeting.host), "participant": str(seat.pk)}


def change_password(session: str) -> None:
    """Of whoever is signed in by it."""
    user = User.objects.get(pk=SessionStore(session)[SIGNED_IN_USER])
    user.set_password("another-long-phrase-2")
    user.save()


def correct(segment: int, text: str) -> None:
    """Also to what no form takes: text comes from engines, too."""
    line = Segment.objects.select_related("meeting", "participant").get(pk=segment)
    with corrections.changing(line.meeting, corrections.Author("Backstage"), corrections.What.TEXT) as changes:
        changes.change(line, **corrections.rewritten(line, text))
    with_redis(lambda: corrections.announce([line]))


def rename(code: str, name: str) -> None:
    """The meeting and everybody in it."""
    meeting = Meeting.objects.get(code=code)
    meeting.participants.update(display_name=name)
    Meeting.objects.filter(pk=meeting.pk).update(title=name)
    for person in meeting.participants.all():
        with_redis(partial(attendance.announce_person, meeting.pk, person.pk))


def rename_host(code: str, name: str) -> None:
    User.objects.filter(hosted_meetings__code=code).update(display_name=name)


def addresses(code: str) -> list[str]:
    return addresses_of(Meeting.objects.get(code=code))


def furnish(code: str, text: str) -> dict[str, str]:
    """What only hosts have, all of it with this text; returns what lets others in."""
    meeting = Meeting.objects.get(code=code)
    host, guest = meeting.host, meeting.participants.first()
    assert guest
    recording = Recording.objects.create(owner=host, meeting=meeting, title=text, size_bytes=9, received_bytes=9)
    Job.objects.create(recording=recording, stage=Job.Stage.DONE)
    Batch.objects.create(recording=recording, expires_at=timezone.now() + timedelta(days=1))
    Document.objects.create(
        meeting=meeting, extension="txt", stage=Document.Stage.DONE, file=ContentFile(text, "d"), file_name="d.txt"
    )
    for segment in meeting.segments.all()[:1]:
        correct(segment.pk, text)
    mark = marks.add_mark(guest.pk, AddMark(id=uuid4(), kind="note", text=text))
    with_redis(lambda: marks.announce(meeting.pk, mark))
    webhook = Webhook.objects.create(owner=host, url=f"https://example.org/{text}", disabled_at=timezone.now())
    Delivery.objects.create(webhook=webhook, event_id=uuid4(), body=text, state=Delivery.State.DELIVERED)
    return {
        "session": _signed_in(host),
        "token": tokens.issue(host, text, list(tokens.SCOPES), None)[1],
        "link": sharing.make_link(meeting, host, 7),
        "overlay_key": overlay_key(meeting),
    }


def holdings(code: str) -> str:
    """Everything that belongs to the meeting and its host, but for when it was last used."""
    rows = belongings(Meeting.objects.get(code=code))
    for row in rows:
        for name in {"last_login", "last_used_at"} & vars(row).keys():
            setattr(row, name, None)
    return str(serializers.serialize("json", rows))


def revoke_links(code: str) -> None:
    for link in Meeting.objects.get(code=code).links.all():
        sharing.revoke_link(link)


def revoke_tokens(code: str) -> None:
    host = Meeting.objects.get(code=code).host
    for token in tokens.living(host):
        tokens.revoke(host, token.pk)


def keep_audio(code: str) -> None:
    """Of everybody in the meeting, who all agreed."""
    meeting = Meeting.objects.get(code=code)
    Meeting.objects.filter(pk=meeting.pk).update(keep_audio=True, audio_days=1)
    meeting.participants.update(audio_agreed=True)
    meeting.refresh_from_db()
    keeping.follow(meeting, meeting.participants.all())


def kept_audio(code: str) -> list[dict[str, Any]]:
    found = KeptPiece.objects.filter(stream__participant__meeting__code=code).order_by("stream", "first_sample")
    return [{"stream": str(one.stream_id), "first_sample": one.first_sample, "file": one.file.name} for one in found]


def expire(code: str, days: int) -> None:
    """As if the meeting had ended that long ago, and the beat came."""
    Meeting.objects.filter(code=code).update(ended_at=timezone.now() - timedelta(days=days))
    retention.expire_audio()


def delete_meeting(code: str) -> None:
    privacy.delete_meetings([Meeting.objects.get(code=code)])


def account() -> dict[str, str]:
    """Somebody with an account who is in no meeting."""
    user = User.objects.create(email=f"eve{User.objects.count()}@example.org", display_name="Eve")
    return {"session": _signed_in(user), "token": tokens.issue(user, "Eve's", list(tokens.SCOPES), None)[1]}


def _signed_in(user: User) -> str:
    session = SessionStore()
    session[SIGNED_IN_USER] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


ACTIONS = {
    act.__name__: act
    for act in (
        make_meeting,
        end_meeting,
        meeting_status,
        segments,
        streams,
        present,
        audit,
        backdate,
        seat_host,
        change_password,
        correct,
        rename,
        rename_host,
        addresses,
        furnish,
        holdings,
        revoke_links,
        revoke_tokens,
        keep_audio,
        kept_audio,
        expire,
        delete_meeting,
        account,
    )
}


def main() -> None:
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = json.dumps({"answer": ACTIONS[name](**arguments)})
        except Exception:
            answer = json.dumps({"failure": traceback.format_exc()})
        finally:
            close_old_connections()
        print(answer, flush=True)


if __name__ == "__main__":
    main()
