"""Whoever speaks for long without a word being found is told."""

from unittest.mock import AsyncMock, patch

import pytest

from meetings import fanout
from meetings.database import in_database
from meetings.models import AudioStream, Meeting, Participant, User
from meetings.protocol.events import WordsMissed
from meetings.sink import WORDLESS_SECONDS, MeetingSink
from transcription.captions import SAMPLE_RATE, Caption, Final, Settled, Word
from transcription.streams import StreamInfo

pytestmark = pytest.mark.django_db(transaction=True)


def new_stream() -> StreamInfo:
    host = User.objects.create_user("ada@example.org", display_name="Ada")
    meeting = Meeting.objects.create(title="Stand-up", host=host, status=Meeting.Status.LIVE)
    person = Participant.objects.create(meeting=meeting, display_name="Ada", role=Participant.Role.HOST)
    stream = AudioStream.objects.create(participant=person, offset_ms=0)
    return StreamInfo(str(stream.pk), str(meeting.pk), str(person.pk))


def wordless(until: float, seconds: float) -> Settled:
    return Settled(round(until * SAMPLE_RATE), round(seconds * SAMPLE_RATE))


def words(start: float, end: float) -> Final:
    first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
    return Final(first, last, "Yes.", (Word("Yes.", first, last, 0.9),), "en", 0.9)


async def told_after(*captions: Caption) -> list[WordsMissed]:
    stream, sink = await in_database(new_stream), MeetingSink()
    claim = await sink.claim(stream)
    assert claim is not None
    with patch.object(fanout, "tell", AsyncMock()) as tell:
        for caption in captions:
            if isinstance(caption, Final):
                await sink.store(claim, caption)
            elif isinstance(caption, Settled):
                await sink.settle(claim, caption)
    assert all(str(call.args[0]) == stream.participant_id for call in tell.await_args_list)
    return [call.args[1] for call in tell.await_args_list]


async def test_speech_without_words_adds_up_over_its_pauses_and_is_said_again_while_it_goes_on() -> None:
    minute = [wordless(8.0 * turn, 7.0) for turn in range(1, 8)]  # 49 s of speech
    assert await told_after(*minute) == [WordsMissed(21), WordsMissed(21)]
    assert WORDLESS_SECONDS == 20


async def test_silence_is_no_speech_without_words() -> None:
    assert await told_after(wordless(300.0, 0.0), wordless(310.0, 9.0)) == []


async def test_words_begin_the_count_anew() -> None:
    assert await told_after(wordless(15.0, 15.0), words(15.0, 17.0), wordless(34.0, 17.0)) == []
