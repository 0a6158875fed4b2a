"""Lines that a second microphone heard too are hidden as they are stored, and only those."""

from datetime import timedelta
from unittest.mock import AsyncMock, patch

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray

from meetings import fanout
from meetings.database import in_database
from meetings.models import AudioStream, Meeting, Participant, Segment, User
from meetings.protocol.events import CaptionFinal, SegmentUpdated
from meetings.services.captions import edits_after
from meetings.sink import MeetingSink
from transcription.bleed import sound_of
from transcription.captions import Final, Word
from transcription.streams import StreamInfo

pytestmark = pytest.mark.django_db(transaction=True)


def babble(seed: int, seconds: float = 3.0) -> NDArray[np.float64]:
    """Syllables of noise, unlike those of any other seed."""
    random = np.random.default_rng(seed)
    loudness = np.repeat(random.uniform(0.02, 1.0, int(seconds * 8)), 2_000)
    samples: NDArray[np.float64] = 0.3 * loudness * random.normal(0, 0.3, len(loudness))
    return samples


def final(samples: NDArray[np.float64], text: str) -> Final:
    pcm = (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    return Final(0, len(samples), text, (Word(text, 0, len(samples), 0.9),), "en", 0.9, sound_of(pcm))


@pytest.fixture
def meeting() -> Meeting:
    host = User.objects.create_user("ada@example.org", display_name="Ada")
    started = timezone.now() - timedelta(minutes=1)
    return Meeting.objects.create(title="Stand-up", host=host, status=Meeting.Status.LIVE, started_at=started)


def stream_of(meeting: Meeting, name: str) -> StreamInfo:
    person = Participant.objects.create(meeting=meeting, display_name=name, role=Participant.Role.MEMBER)
    stream = AudioStream.objects.create(participant=person, offset_ms=5_000)
    return StreamInfo(str(stream.pk), str(meeting.pk), str(person.pk))


async def store(stream: StreamInfo, caption: Final) -> list[object]:
    """What the room is told."""
    sink = MeetingSink()
    claim = await sink.claim(stream)
    assert claim is not None
    with patch.object(fanout, "publish", AsyncMock()) as publish:
        await sink.store(claim, caption)
    return [call.args[1] for call in publish.await_args_list]


async def test_a_copy_stored_last_is_told_as_one(meeting: Meeting) -> None:
    ada, bob = [await _new(meeting, name) for name in ("Ada", "Bob")]
    voice = babble(1)
    await store(ada, final(voice, "Good morning."))
    told = await store(bob, final(voice * 0.2, "Good warning."))
    assert isinstance(told[0], CaptionFinal)
    assert told[0].copy
    copy = await Segment.objects.aget(sequence=2)
    assert (copy.hidden, copy.text, copy.recognised_text) == (True, "Good warning.", "Good warning.")
    assert await _original(copy) == "Good morning."


async def test_a_copy_stored_first_is_taken_back_and_latecomers_hear_of_it(meeting: Meeting) -> None:
    ada, bob = [await _new(meeting, name) for name in ("Ada", "Bob")]
    voice = babble(2)
    first = await store(bob, final(voice * 0.2, "Good warning."))
    assert isinstance(first[0], CaptionFinal)
    assert not first[0].copy
    told = await store(ada, final(voice, "Good morning."))
    assert isinstance(told[0], CaptionFinal)
    assert isinstance(told[1], SegmentUpdated)
    assert (told[0].copy, told[1].copy, told[1].text) == (False, True, "Good warning.")
    assert [line.copy for line in await _edits(meeting)] == [True]


async def test_two_people_who_talk_at_once_are_both_shown(meeting: Meeting) -> None:
    ada, bob = [await _new(meeting, name) for name in ("Ada", "Bob")]
    await store(ada, final(babble(3), "Good morning."))
    await store(bob, final(babble(4) * 0.3, "Hello."))
    assert await Segment.objects.filter(hidden=False).acount() == 2


async def _new(meeting: Meeting, name: str) -> StreamInfo:
    return await in_database(stream_of, meeting, name)


async def _edits(meeting: Meeting) -> list[SegmentUpdated]:
    return await in_database(edits_after, meeting.pk, 0)


async def _original(copy: Segment) -> str:
    original = await Segment.objects.aget(copies=copy)
    return original.text
