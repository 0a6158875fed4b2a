"""Kept audio: stored under a fence, heard in ranges by those who review, erased with all that belongs to it."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from meetings.models import AudioStream, AuditEntry, Job, KeptPiece, Meeting, Participant, Segment, User
from meetings.models.keeping import kept_storage
from meetings.services import kept_audio, listening, privacy, recordings, retention, uploads
from meetings.sink import MeetingSink
from tests.meetings.cast import ended, say, signed_in
from transcription.errors import LeaseLost, StoreUnavailable
from transcription.keeping import Piece
from transcription.streams import StreamInfo
from transcription.worker import Claim

pytestmark = pytest.mark.django_db(transaction=True)
RATE = 16_000


@pytest.fixture(autouse=True)
def shelf(settings: Settings, tmp_path: Path) -> Path:
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "kept")}}
    settings.STORAGES = {**settings.STORAGES, "kept_audio": folder}
    return tmp_path / "kept"


def voice(count: int, start: int = 1) -> np.ndarray[Any, np.dtype[np.int16]]:
    return (np.arange(start, start + count) % 1_000 + 1).astype("<i2")


def stream_of(person: Participant, offset_ms: int = 0, rate: int = RATE) -> AudioStream:
    return AudioStream.objects.create(participant=person, offset_ms=offset_ms, sample_rate=rate, fence=1)


def keep(stream: AudioStream, first: int, samples: Any, fence: int = 1) -> str:
    piece = Piece(first, samples.astype("<i2").tobytes())
    meeting_id = str(stream.participant.meeting_id)
    name, size = kept_audio.save_file(meeting_id, str(stream.pk), fence, piece, stream.sample_rate)
    kept_audio.record(str(stream.pk), fence, piece, name, size)
    return name


def guest(meeting: Meeting, name: str = "Grace") -> Participant:
    return Participant.objects.create(meeting=meeting, display_name=name, role=Participant.Role.GUEST, color=1)


# ── Storing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_stored_is_read_again_to_the_sample(meeting: Meeting) -> None:
    stream = stream_of(guest(meeting))
    keep(stream, 100, voice(48_000))
    keep(stream, 48_100, voice(7, 48_001))
    keep(stream, 90_000, voice(500))
    runs = list(kept_audio.read(stream))
    assert [(first, len(samples)) for first, samples in runs] == [(100, 48_000), (48_100, 7), (90_000, 500)]
    assert np.array_equal(runs[0][1], voice(48_000))
    assert [first for first, _ in kept_audio.read(stream, 48_101, 48_103)] == [48_100]


def test_audio_of_another_rate_is_read_at_sixteen_kilohertz_in_its_place(meeting: Meeting) -> None:
    stream = stream_of(guest(meeting), rate=48_000)
    tone = (8_000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype("<i2")
    keep(stream, 48_000, tone)
    runs = list(kept_audio.read(stream))
    assert runs[0][0] == RATE
    sound = np.concatenate([samples for _, samples in runs])
    assert len(sound) == RATE
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(spectrum.argmax()) == 440


def test_a_piece_that_was_stored_already_is_not_stored_again(meeting: Meeting) -> None:
    stream = stream_of(guest(meeting))
    keep(stream, 0, voice(1_000))
    assert kept_audio.record(str(stream.pk), 1, Piece(0, voice(1_000).tobytes()), "again.flac", 1) is False
    assert KeptPiece.objects.count() == 1


def test_a_fenced_off_owner_stores_nothing(meeting: Meeting) -> None:
    stream = stream_of(guest(meeting))
    with pytest.raises(LeaseLost):
        kept_audio.record(str(stream.pk), 0, Piece(0, voice(10).tobytes()), "late.flac", 1)
    assert not KeptPiece.objects.exists()


def test_a_storage_that_fails_is_worth_another_try(meeting: Meeting, shelf: Path) -> None:
    shelf.write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable):
        keep(stream_of(guest(meeting)), 0, voice(10))


# ── Listening ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def heard(meeting: Meeting) -> Meeting:
    """Two who spoke at once: Grace from 1 s, and Alan from 1.5 s."""
    keep(stream_of(guest(meeting), 1_000), 0, voice(RATE))
    keep(stream_of(guest(meeting, "Alan"), 1_500), 0, np.full(RATE, 500))
    return ended(meeting, minutes=1)


def ask(browser: Client, meeting: Meeting, byte_range: str, person: Participant | None = None) -> HttpResponse:
    who = f"audio/{person.pk}.wav" if person else "audio.wav"
    answer: Any = browser.get(f"/m/{meeting.code}/review/{who}", headers={"Range": byte_range} if byte_range else {})
    return answer  # type: ignore[no-any-return]


def whole(browser: Client, meeting: Meeting, person: Participant | None = None) -> bytes:
    """As a player does: one range after the other until the end."""
    content, size = b"", 1
    while len(content) < size:
        answer = ask(browser, meeting, f"bytes={len(content)}-", person)
        assert answer.status_code == 206
        assert len(answer.content) <= listening.MAX_BYTES
        size = int(answer.headers["Content-Range"].rpartition("/")[2])
        content += answer.content
    return content


def test_the_voices_are_mixed_in_their_places_and_silence_fills_the_rest(heard: Meeting, ada: User) -> None:
    samples, rate = soundfile.read(io.BytesIO(whole(signed_in(ada), heard)), dtype="int16")
    assert (rate, len(samples)) == (RATE, 60 * RATE)
    expected = np.zeros(60 * RATE, np.int16)
    expected[RATE : 2 * RATE] += voice(RATE)
    expected[24_000:40_000] += 500
    assert np.array_equal(samples, expected)


def test_one_voice_is_heard_alone(heard: Meeting, ada: User) -> None:
    grace = heard.participants.get(display_name="Grace")
    samples, _ = soundfile.read(io.BytesIO(whole(signed_in(ada), heard, grace)), dtype="int16")
    assert np.array_equal(samples[RATE : 2 * RATE], voice(RATE))
    assert not samples[2 * RATE :].any()


@pytest.mark.parametrize("start", [0, 3, 43, 44, 45, 32_043, 32_044, 32_045, 64_000])
@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_any_range_is_the_same_bytes_as_in_the_whole(heard: Meeting, start: int, length: int) -> None:
    sound = listening.sound_of(heard)
    assert sound is not None
    assert sound.part(start, start + length) == sound.part(0, 70_000)[start : start + length]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("bytes=0-0", "bytes 0-0/1920044"),
        ("bytes=10-19", "bytes 10-19/1920044"),
        ("bytes=-10", "bytes 1920034-1920043/1920044"),
        ("bytes=1920043-99999999", "bytes 1920043-1920043/1920044"),
        ("bytes=0-", "bytes 0-524287/1920044"),
    ],
)
def test_a_range_is_answered_with_what_it_holds(heard: Meeting, ada: User, asked: str, answered: str) -> None:
    answer = ask(signed_in(ada), heard, asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (206, answered)
    first, last = answered.split()[1].partition("/")[0].split("-")
    assert len(answer.content) == int(last) - int(first) + 1


@pytest.mark.parametrize(
    "asked", ["", "bytes=1920044-", "bytes=5-4", "bytes=-", "bytes=-0", "bytes=a-b", "seconds=0-1", "bytes=0-1,3-4"]
)
def test_what_is_no_range_of_it_is_refused(heard: Meeting, ada: User, asked: str) -> None:
    answer = ask(signed_in(ada), heard, asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1920044")


def test_only_reviewers_listen(heard: Meeting, eve: User) -> None:
    grace = heard.participants.get(display_name="Grace")
    grace.user = eve
    grace.save()
    assert signed_in(eve).get(f"/m/{heard.code}/transcript/").status_code == 200
    assert ask(signed_in(eve), heard, "bytes=0-").status_code == 404
    assert Client().get(f"/m/{heard.code}/review/words").status_code == 404


def test_listening_is_noted_once_for_a_while(heard: Meeting, ada: User) -> None:
    whole(signed_in(ada), heard)
    whole(signed_in(ada), heard)
    assert AuditEntry.objects.filter(action=AuditEntry.Action.LISTENED, user=ada).count() == 1


def test_there_is_nothing_to_hear_while_the_meeting_goes_on_or_when_nothing_was_kept(heard: Meeting, ada: User) -> None:
    Meeting.objects.filter(pk=heard.pk).update(status=Meeting.Status.LIVE, keep_audio=True)
    assert ask(signed_in(ada), heard, "bytes=0-").status_code == 404
    assert "when the meeting is over" in signed_in(ada).get(f"/m/{heard.code}/review/").content.decode()
    Meeting.objects.filter(pk=heard.pk).update(status=Meeting.Status.ENDED)
    privacy.anonymise(heard.participants.get(display_name="Grace"))
    privacy.anonymise(heard.participants.get(display_name="Alan"))
    assert ask(signed_in(ada), heard, "bytes=0-").status_code == 404
    assert "No audio of this meeting was kept." in signed_in(ada).get(f"/m/{heard.code}/review/").content.decode()


def test_audio_whose_file_is_gone_is_an_error_and_not_silence(heard: Meeting, ada: User) -> None:
    for name in KeptPiece.objects.values_list("file", flat=True):
        kept_storage().delete(name)
    kept_audio._pcm.cache_clear()
    assert ask(signed_in(ada), heard, "bytes=0-").status_code == 503


def test_words_are_told_with_their_places_and_the_next_line(meeting: Meeting, ada: User) -> None:
    grace = guest(meeting)
    line = say(grace, 1_000, "naïve 😀 words")
    line.words = [
        {"text": text, "start_ms": start, "end_ms": start + 200, "confidence": 0.9}
        for text, start in (("naïve", 1_000), ("😀", 1_300), ("words", 1_600))
    ]
    line.save()
    say(grace, 70_000, "later")
    answer = signed_in(ada).get(f"/m/{meeting.code}/review/words?from=0&to=60000").json()
    words = [[0, 5, 1_000, 1_200], [6, 8, 1_300, 1_500], [9, 14, 1_600, 1_800]]
    assert answer == {"lines": [{"sequence": 1, "revision": 0, "words": words}], "next_ms": 70_000}
    assert signed_in(ada).get(f"/m/{meeting.code}/review/words?from=x").status_code == 404


# ── Forgetting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def names(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.rglob("*") if path.is_file())


def test_erasing_one_person_takes_their_audio_and_leaves_the_others(heard: Meeting, shelf: Path) -> None:
    alan, grace = heard.participants.get(display_name="Alan"), heard.participants.get(display_name="Grace")
    privacy.anonymise(grace)
    assert len(names(shelf)) == 1
    assert not KeptPiece.objects.filter(stream__participant=grace).exists()
    assert KeptPiece.objects.filter(stream__participant=alan).exists()


def test_erasing_somebody_who_shared_a_microphone_takes_all_that_was_kept_of_it(heard: Meeting, shelf: Path) -> None:
    """Whose voice is where in it is known only as far as lines tell."""
    shared = AudioStream.objects.get(participant__display_name="Grace")
    bea = guest(heard, "Bea")
    Segment.objects.filter(pk=say(shared.participant, 1_000, "Hello.").pk).update(participant=bea)
    privacy.anonymise(bea)
    assert not KeptPiece.objects.filter(stream=shared).exists()
    assert len(names(shelf)) == 1  # Alan's


def test_what_a_transcriber_has_in_hand_is_not_kept_after_its_speaker_was_erased(heard: Meeting, shelf: Path) -> None:
    stream = AudioStream.objects.get(participant__display_name="Grace")
    claim = Claim(StreamInfo(str(stream.pk), str(heard.pk), str(stream.participant_id)), stream.fence, 0)
    privacy.anonymise(stream.participant)
    async_to_sync(MeetingSink().keep)(claim, Piece(10_000_000, voice(RATE).tobytes()))
    assert not stream.kept_pieces.exists()
    assert len(names(shelf)) == 1


@pytest.mark.parametrize("stage", [Job.Stage.TRANSCRIBING, Job.Stage.FAILED])
def test_erasing_somebody_of_an_upload_takes_the_file_that_is_still_there(
    ada: User, settings: Settings, tmp_path: Path, stage: str
) -> None:
    settings.VAR_DIR = tmp_path
    recording = uploads.begin(ada, "Board", "en", 4)
    uploads.receive(recording, 0, b"abcd")
    (info,) = recordings.open_recording(recording.job, 60_000)
    Job.objects.update(stage=stage)
    privacy.anonymise(Participant.objects.get(pk=info.participant_id))
    assert not uploads.path_of(recording).exists()
    assert Job.objects.get().is_over


def test_a_deleted_meeting_leaves_no_file_and_no_folder(heard: Meeting, shelf: Path) -> None:
    privacy.delete_meetings([heard])
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize(("days_ago", "own_days", "left"), [(89, None, 2), (91, None, 0), (8, 7, 0), (6, 7, 2)])
def test_audio_goes_so_many_days_after_the_end_and_the_transcript_stays(
    heard: Meeting, shelf: Path, days_ago: int, own_days: int | None, left: int
) -> None:
    heard.ended_at, heard.audio_days = timezone.now() - timedelta(days=days_ago), own_days
    heard.save()
    retention.expire_audio()
    assert (len(names(shelf)), KeptPiece.objects.count()) == (left, left)
    assert Meeting.objects.filter(pk=heard.pk).exists()
    assert AuditEntry.objects.filter(by="retention").count() == (0 if left else 1)


def test_whole_meetings_go_only_where_that_is_wanted(heard: Meeting, shelf: Path, settings: Settings) -> None:
    Meeting.objects.filter(pk=heard.pk).update(ended_at=timezone.now() - timedelta(days=400))
    assert retention.expire_meetings() == 0
    settings.ENVIRONMENT = msgspec.structs.replace(settings.ENVIRONMENT, meeting_days=365)
    assert retention.expire_meetings() == 1
    assert not Meeting.objects.exists()
    assert names(shelf) == []


def test_the_sweep_deletes_old_files_without_a_row_and_rows_without_a_file(
    heard: Meeting, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_storage().delete(KeptPiece.objects.values_list("file", flat=True)[0])
    kept_storage().save(f"{heard.pk}/stream/orphan.flac", ContentFile(b"x"))
    assert retention.sweep() == (0, 1)  # the file may belong to a row that is on its way
    monkeypatch.setattr(retention, "YOUNG", timedelta(0))
    assert retention.sweep() == (1, 0)
    assert len(names(shelf)) == KeptPiece.objects.count() == 1


def test_a_storage_without_folders_is_swept(
    heard: Meeting, shelf: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"location": str(shelf)}}
    settings.STORAGES = {**settings.STORAGES, "kept_audio": backend}
    monkeypatch.setattr(retention, "YOUNG", timedelta(0))
    kept_storage().save(f"{heard.pk}/stream/orphan.flac", ContentFile(b"x"))
    assert retention.sweep() == (1, 0)
    assert len(names(shelf)) == KeptPiece.objects.count() == 2


class Bucket(FileSystemStorage):
    """Objects with names, as in S3: an empty name is none, and no folder is missing."""

    def exists(self, name: str) -> bool:
        if not name:
            raise ValueError("an object must have a name")
        return super().exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        try:
            return super().listdir(path)
        except FileNotFoundError:
            return [], []


def test_where_nothing_was_kept_yet_there_is_nothing_to_sweep(meeting: Meeting, shelf: Path) -> None:
    assert not shelf.exists()
    assert retention.sweep() == (0, 0)


def test_a_storage_that_lost_everything_is_not_swept(heard: Meeting, shelf: Path) -> None:
    shelf.rename(shelf.with_name("elsewhere"))
    shelf.mkdir()
    assert retention.sweep() == (0, 0)
    assert KeptPiece.objects.count() == 2


def test_administrators_see_how_much_is_kept(heard: Meeting, admin: User) -> None:
    answer = signed_in(admin).get("/admin/meetings/meeting/")
    size = sum(KeptPiece.objects.values_list("size_bytes", flat=True))
    assert answer.context["cl"].result_list[0].kept_bytes == size > 0
