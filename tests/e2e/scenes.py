"""A site as it looks after some weeks of use: what the accessibility tests visit and what the pictures show."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from meetings import fanout
from meetings.models import (
    AudioStream,
    Delivery,
    Job,
    Mark,
    Meeting,
    Minutes,
    Participant,
    Recording,
    Segment,
    User,
    Webhook,
)
from meetings.protocol.events import CaptionPartial
from meetings.redis import with_redis
from meetings.services import access, events, minutes, sharing, tokens, webhooks
from tests.meetings.cast import account, administrator, say

TALK = (
    ("Mona", "Good morning, everybody. Let us begin with the budget for the second half of the year."),
    ("Felix", "The figures arrived yesterday. Hosting went down by a fifth, and travel went up a little."),
    ("Yuki", "Travel is the fair in October, that was planned. I can send the list of costs around."),
    ("Mona", "Please do. Then we keep the budget as it stands."),
    ("Felix", "One more thing: the release moves to the twelfth of March."),
    ("Felix", "The tests on the new machines are green since Monday, only the handbook is missing."),
    ("Yuki", "I write the handbook. I need a week and somebody who reads it afterwards."),
    ("Mona", "I read it. Agreed, the release is on the twelfth."),
)
NOW = (
    ("Felix", "Who sends the invitations for the twelfth and", 37),
    ("Yuki", "I can do that, I have the list from last", 28),
)
DECISIONS = ((3, "The budget stays as it stands."), (7, "The release is on the twelfth of March."))


def build() -> str:
    """Fill the database of a stack; returns what `scenes` needs, as JSON. Runs inside a Django process."""
    users = {name: account(name) for name in ("Mona", "Felix", "Yuki", "Nils")}
    live = _meeting(users["Mona"], "Quarterly planning", minutes_ago=4)
    past = _meeting(users["Mona"], "Release and budget", minutes_ago=2 * 24 * 60)
    for meeting in (live, past):
        _talk(meeting, users)
    _end(past)
    doors = _meeting(users["Mona"], "Interview", minutes_ago=1)
    Meeting.objects.filter(pk=doors.pk).update(waiting_room=True, locked=False)
    _plans(users["Mona"])
    tokens.issue(users["Mona"], "Meeting room display", ["meetings:read"], timedelta(days=90))
    built = {
        "live": live.code,
        "past": past.code,
        "doors": doors.code,
        "overlay": access.overlay_key(live),
        "link": sharing.make_link(past, users["Mona"], 30),
        "webhook": str(_webhooks(users["Mona"])),
        "recording": str(_recordings(users["Mona"])),
        "sessions": {
            "host": _signed_in(users["Mona"]),
            "member": _signed_in(users["Felix"]),
            "other member": _signed_in(users["Yuki"]),
            "newcomer": _signed_in(users["Nils"]),
            "admin": _signed_in(administrator()),
            "guest": _guest(live, Participant.Admission.ADMITTED),
            "waiting": _guest(doors, Participant.Admission.WAITING),
            "removed": _guest(doors, Participant.Admission.REMOVED),
        },
    }
    return json.dumps(built)


def talk_at_once(code: str) -> None:
    """Two people of a live meeting are speaking: what an engine would say of them, to everybody who listens."""
    meeting = Meeting.objects.get(code=code)
    for name, text, stable in NOW:
        seat = meeting.participants.get(display_name=name)
        stream = seat.streams.first() or AudioStream.objects.create(participant=seat, offset_ms=0)
        start_ms = meeting.offset_ms(timezone.now()) - 2_000
        now = CaptionPartial(str(stream.pk), str(seat.pk), start_ms, start_ms + 2_000, text, stable, "en", "ltr")
        with_redis(partial(fanout.publish, meeting.pk, now))


def _meeting(host: User, title: str, minutes_ago: float) -> Meeting:
    started = timezone.now() - timedelta(minutes=minutes_ago)
    meeting = Meeting.objects.create(
        title=title,
        host=host,
        status=Meeting.Status.LIVE,
        started_at=started,
        time_zone="Europe/Berlin",
        agenda="Budget\nRelease\nHandbook",
    )
    _seat(meeting, host, Participant.Role.HOST)
    return meeting


def _seat(meeting: Meeting, user: User, role: str = Participant.Role.MEMBER) -> Participant:
    return Participant.objects.create(
        meeting=meeting,
        user=user,
        display_name=str(user),
        role=role,
        joined_at=meeting.started_at,
        consented_at=meeting.started_at,
        color=meeting.participants.count(),
    )


def _talk(meeting: Meeting, users: dict[str, User]) -> None:
    """The talk with a gap, a corrected line and what people marked."""
    seats = {"Mona": meeting.participants.get()} | {name: _seat(meeting, users[name]) for name in ("Felix", "Yuki")}
    lines = [say(seats[name], 2_000 + 11_000 * place, text, 8_500) for place, (name, text) in enumerate(TALK)]
    say(seats["Yuki"], 92_000, "", 2_400)
    Segment.objects.filter(pk=lines[1].pk).update(revision=1)
    for place, text in DECISIONS:
        _mark(seats["Mona"], lines[place], Mark.Kind.DECISION, text)
    _mark(seats["Yuki"], lines[6], Mark.Kind.ACTION, "Write the handbook", owner="Yuki")
    _mark(seats["Felix"], lines[4], Mark.Kind.NOTE, "Tell the printers about the new date.")
    _mark(seats["Yuki"], lines[2], Mark.Kind.CHAT, "The list of costs is in the shared folder.")


def _mark(author: Participant, line: Segment, kind: str, text: str, owner: str = "") -> None:
    meeting = author.meeting
    meeting.last_change += 1
    meeting.save(update_fields=["last_change"])
    Mark.objects.create(
        meeting=meeting,
        author=author,
        segment=line,
        kind=kind,
        text=text,
        owner=owner,
        at_ms=line.start_ms,
        change=meeting.last_change,
    )


def _end(meeting: Meeting) -> None:
    ended_at = (meeting.started_at or timezone.now()) + timedelta(minutes=2)
    Meeting.objects.filter(pk=meeting.pk).update(status=Meeting.Status.ENDED, ended_at=ended_at)
    meeting.participants.update(left_at=ended_at)
    meeting.refresh_from_db()
    written: Minutes = minutes.begun(meeting)
    written.summary = "The budget stays as it is, the release is on the twelfth of March, Yuki writes the handbook."
    written.save()


def _plans(host: User) -> None:
    for days, title in ((1, "Weekly sync"), (6, "Fair in October: who travels")):
        moment = (timezone.now() + timedelta(days=days)).replace(hour=9, minute=0, second=0)
        Meeting.objects.create(title=title, host=host, planned_at=moment, time_zone="Europe/Berlin")


def _recordings(owner: User) -> Any:
    """One at work and one that failed; returns the key of the one at work."""
    at_work = Recording.objects.create(owner=owner, title="Interview with the printers", size_bytes=48_000_000)
    failed = Recording.objects.create(owner=owner, title="Holiday pictures", size_bytes=3_000_000)
    Recording.objects.filter(pk=at_work.pk).update(received_bytes=48_000_000)
    Recording.objects.filter(pk=failed.pk).update(received_bytes=3_000_000)
    Job.objects.create(recording=at_work, stage=Job.Stage.TRANSCRIBING, done_ms=754_000, length_ms=1_800_000)
    Job.objects.create(recording=failed, stage=Job.Stage.FAILED, reason="format", ended_at=timezone.now())
    return at_work.pk


def _webhooks(owner: User) -> Any:
    """One that is told and one that nothing reached for days; returns the key of the first."""
    told = webhooks.register(
        owner, "https://intranet.example.org/hooks/meetings", ["transcript.ready", "minutes.ready"]
    )
    lost = webhooks.register(owner, "https://old.example.org/hook", ["job.finished"])
    for state, status, error in (
        (Delivery.State.DELIVERED, 204, ""),
        (Delivery.State.PENDING, 503, ""),
        (Delivery.State.FAILED, None, "nobody answers there, or not to TLS"),
    ):
        sent = events.test_event(told)
        Delivery.objects.filter(pk=sent.pk).update(
            state=state, status_code=status, error=error, attempts=1, event_type="transcript.ready"
        )
    now = timezone.now()
    Webhook.objects.filter(pk=lost.pk).update(failing_since=now - timedelta(days=6), disabled_at=now)
    return told.pk


def _signed_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _guest(meeting: Meeting, admission: str) -> str:
    names = {"admitted": "Grace", "waiting": "Wanda", "removed": "Rolf"}
    seat = Participant.objects.create(
        meeting=meeting,
        display_name=names[admission],
        role=Participant.Role.GUEST,
        admission=admission,
        consented_at=timezone.now(),
        joined_at=timezone.now() if admission == Participant.Admission.ADMITTED else None,
        color=meeting.participants.count(),
    )
    session = SessionStore()
    session[access.SESSION_KEY] = {str(meeting.pk): str(seat.pk)}
    session.save()
    return str(session.session_key)
