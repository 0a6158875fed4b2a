"""Voices are known of those who agreed to it alone, and suggest a name where speakers are named; a person decides."""

import importlib.util
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from meetings.diarizing import diarize, learn_voice
from meetings.models import AudioStream, KeptPiece, KnownVoice, Meeting, Participant, User
from meetings.services import kept_audio, privacy, recordings, voices
from meetings.services.speakers import Diarization
from meetings.services.uploads import begin
from tests.meetings.cast import account, ended, live_meeting, signed_in
from tests.meetings.test_shared_microphones import keep, noise
from tests.speech import one_reader, telephone_call
from transcription.diarization.bundle import find_bundle
from transcription.diarization.turns import SpeakerCount, Turn

pytestmark = pytest.mark.django_db
INSTALLED = importlib.util.find_spec("pyannote") is not None and find_bundle() is not None
GRACE, ALIKE, OTHER = [1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 0.6, 0.8]
ALONE = Diarization([Turn(0, 25_000, 0)], voices=[GRACE], model="ear")


@pytest.fixture
def grace() -> User:
    return account("Grace")


@pytest.fixture
def seat(ada: User, grace: User, settings: Any, tmp_path: Path) -> Participant:
    """Grace's, in a meeting of Ada's that is over: her microphone was kept, as she agreed."""
    settings.VAR_DIR = tmp_path
    local = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "kept_audio": local}
    meeting = ended(live_meeting(ada))
    role = Participant.Role.MEMBER
    person = Participant.objects.create(meeting=meeting, user=grace, display_name="G", role=role, audio_agreed=True)
    stream = AudioStream.objects.create(participant=person, offset_ms=0)
    keep(stream, 0, noise(32_000))
    return person


@pytest.fixture
def known(seat: Participant, grace: User) -> KnownVoice:
    voices.agree(grace, True)
    assert voices.take(seat.pk)
    voices.learn(seat.pk, ALONE)
    return KnownVoice.objects.get()


def speakers_of_an_upload(owner: User, said: Diarization) -> list[dict[str, Any]]:
    """The speakers that a reviewer finds on the page."""
    recording = begin(owner, "Board", "en", 4)
    recordings.open_recording(recording.job, 60_000)
    recordings.finish(recording.job.pk, said)
    recording.refresh_from_db()
    assert recording.meeting
    people: list[dict[str, Any]] = signed_in(owner).get(f"/m/{recording.meeting.code}/review/lines").json()["people"]
    return people


def two(*heard: list[float], model: str = "ear") -> Diarization:
    return Diarization([Turn(0, 2_000, 0), Turn(2_000, 4_000, 1)], voices=heard, model=model)


# ── The agreement ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_agrees_but_by_their_own_word(grace: User) -> None:
    assert grace.voice_agreed_at is None
    page = signed_in(grace)
    assert "I agree" in page.get("/accounts/").content.decode()
    page.post("/accounts/voice/", {"agreed": "yes"})
    grace.refresh_from_db()
    assert grace.voice_agreed_at is not None
    assert "Your voice is not known yet." in page.get("/accounts/").content.decode()


def test_who_takes_it_back_is_forgotten_everywhere(ada: User, grace: User, known: KnownVoice) -> None:
    speakers_of_an_upload(ada, two(ALIKE, OTHER))
    page = signed_in(grace)
    assert "Your voice is known." in page.get("/accounts/").content.decode()
    page.post("/accounts/voice/", {"agreed": "no"})
    grace.refresh_from_db()
    assert grace.voice_agreed_at is None
    assert not KnownVoice.objects.exists()
    assert not Participant.objects.exclude(sounds_like=None).exists()


@pytest.mark.parametrize("fields", [{}, {"agreed": ""}, {"agreed": "maybe"}, {"agreed": "\0"}])
def test_what_is_neither_yes_nor_no_is_refused(grace: User, known: KnownVoice, fields: dict[str, str]) -> None:
    assert signed_in(grace).post("/accounts/voice/", fields).status_code == 400
    assert KnownVoice.objects.get() == known


def test_strangers_are_sent_to_sign_in_and_nothing_is_agreed_to_by_a_link(grace: User) -> None:
    for path in ("/accounts/", "/accounts/voice/"):
        assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert signed_in(grace).get("/accounts/voice/?agreed=yes").status_code == 405


# ── Learning ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_who_agreed_is_listened_to_and_only_once(seat: Participant, grace: User) -> None:
    assert voices.waiting() == []
    assert not voices.take(seat.pk)
    voices.agree(grace, True)
    assert voices.waiting() == [seat.pk]
    assert voices.take(seat.pk)
    assert voices.waiting() == []
    assert not voices.take(seat.pk)
    voices.learn(seat.pk, ALONE)
    assert KnownVoice.objects.get().vector == GRACE
    KnownVoice.objects.update(tried_at=timezone.now() - 2 * voices.AGAIN)
    assert voices.waiting() == []


def test_most_of_what_is_kept_is_listened_to(seat: Participant, ada: User, grace: User) -> None:
    voices.agree(grace, True)
    meeting = ended(live_meeting(ada))
    more = {"display_name": "G", "role": Participant.Role.MEMBER, "audio_agreed": True}
    longer = Participant.objects.create(meeting=meeting, user=grace, **more)
    first, second = (AudioStream.objects.create(participant=longer, offset_ms=offset) for offset in (0, 60_000))
    keep(first, 0, noise(20_000))
    keep(second, 0, noise(20_000))
    assert voices.waiting() == [longer.pk]
    assert sum(map(len, voices.samples(longer.pk))) == 80_000


@pytest.mark.parametrize("change", [{"streams__shared": True}, {"audio_agreed": False}, {"meeting__status": "live"}])
def test_other_audio_is_left_alone(seat: Participant, grace: User, change: dict[str, Any]) -> None:
    voices.agree(grace, True)
    ((name, value),) = change.items()
    whose = {"streams": seat.streams.get(), "meeting": seat.meeting}.get(name.partition("__")[0], seat)
    setattr(whose, name.rpartition("__")[2], value)
    whose.save()
    assert voices.waiting() == []


def test_one_that_learned_nothing_is_tried_again_the_next_day(seat: Participant, grace: User) -> None:
    voices.agree(grace, True)
    voices.take(seat.pk)
    voices.learn(seat.pk, Diarization(unable="crash"))
    assert not voices.is_known(grace)
    KnownVoice.objects.update(tried_at=timezone.now() - voices.AGAIN - timedelta(minutes=1))
    assert voices.waiting() == [seat.pk]
    assert voices.take(seat.pk)


@pytest.mark.parametrize(
    "said",
    [
        Diarization(),
        Diarization([Turn(0, voices.LEAST_MS - 1, 0)], voices=[GRACE], model="ear"),
        Diarization([Turn(0, 60_000, 0), Turn(60_000, 80_000, 1)], voices=[GRACE, OTHER], model="ear"),
        Diarization([Turn(0, 60_000, 0)], model="ear"),
    ],
    ids=["nobody", "hardly a word", "two at the microphone", "no vectors"],
)
def test_a_voice_that_is_not_plain_is_not_learned(seat: Participant, grace: User, said: Diarization) -> None:
    voices.agree(grace, True)
    voices.take(seat.pk)
    voices.learn(seat.pk, said)
    assert not voices.is_known(grace)


def test_what_is_taken_back_while_it_is_learned_is_not_stored(seat: Participant, grace: User) -> None:
    voices.agree(grace, True)
    voices.take(seat.pk)
    voices.agree(grace, False)
    voices.learn(seat.pk, ALONE)
    assert not KnownVoice.objects.exists()


def test_a_voice_goes_with_the_audio_it_came_from(known: KnownVoice) -> None:
    kept_audio.forget(KeptPiece.objects.all())
    assert not KnownVoice.objects.exists()


def test_what_a_voice_suggested_goes_with_it(known: KnownVoice, ada: User) -> None:
    assert {person["sounds_like"] for person in speakers_of_an_upload(ada, two(ALIKE, OTHER))} == {"Grace", ""}
    kept_audio.forget(KeptPiece.objects.all())
    meeting = Participant.objects.exclude(sounds_like=None).get().meeting
    people = signed_in(ada).get(f"/m/{meeting.code}/review/lines").json()["people"]
    assert {person["sounds_like"] for person in people} == {""}


def test_a_voice_and_what_it_suggested_go_with_their_person(known: KnownVoice, ada: User, seat: Participant) -> None:
    speakers_of_an_upload(ada, two(ALIKE, OTHER))
    privacy.anonymise(Participant.objects.exclude(sounds_like=None).get())
    assert not Participant.objects.exclude(sounds_like=None).exists()
    privacy.anonymise(seat)
    assert not KnownVoice.objects.exists()


def test_a_voice_goes_with_its_meeting(known: KnownVoice) -> None:
    privacy.delete_meetings(Meeting.objects.filter(participants=known.participant))
    assert not KnownVoice.objects.exists()


def test_a_voice_goes_with_its_account(known: KnownVoice, grace: User, ada: User) -> None:
    speakers_of_an_upload(ada, two(ALIKE, OTHER))
    grace.delete()
    assert not KnownVoice.objects.exists()
    assert not Participant.objects.exclude(sounds_like=None).exists()


# ── Suggesting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_sounds_like_somebody_known_is_suggested_and_not_named(known: KnownVoice, ada: User) -> None:
    people = speakers_of_an_upload(ada, two(OTHER, ALIKE))
    found = {person["name"]: person["sounds_like"] for person in people}
    assert found == {"Speaker 1": "", "Speaker 2": "Grace"}


def test_nobody_is_two_speakers(known: KnownVoice, ada: User) -> None:
    people = speakers_of_an_upload(ada, two(ALIKE, GRACE))
    assert {person["name"]: person["sounds_like"] for person in people} == {"Speaker 1": "", "Speaker 2": "Grace"}


@pytest.mark.parametrize(
    "said",
    [two(OTHER, OTHER), two(GRACE, OTHER, model="another ear"), two(), Diarization(unable="crash"),
     two([0.0] * 3, [0.0] * 3)],
    ids=["others", "another model", "no vectors", "no speakers", "unknown vectors"],
)  # fmt: skip
def test_nobody_is_suggested_where_nothing_tells_it(known: KnownVoice, ada: User, said: Diarization) -> None:
    assert {person["sounds_like"] for person in speakers_of_an_upload(ada, said)} == {""}


def test_who_never_met_them_learns_nothing(known: KnownVoice) -> None:
    assert {person["sounds_like"] for person in speakers_of_an_upload(account("Eve"), two(GRACE, OTHER))} == {""}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
def test_a_real_voice_is_known_again_in_another_recording(seat: Participant, ada: User, grace: User) -> None:
    long, short = one_reader()
    kept_audio.forget(KeptPiece.objects.all())
    keep(seat.streams.get(), 0, (long * 32_767).astype(np.int16))
    voices.agree(grace, True)
    async_to_sync(learn_voice)(seat.pk)
    assert voices.is_known(grace)

    call, _ = telephone_call()

    async def samples() -> AsyncGenerator[bytes, None]:
        yield (np.concatenate([short, call]) * 32_767).astype("<i2").tobytes()

    said = async_to_sync(diarize)(samples(), SpeakerCount(3, 3), lambda _share: None)
    found = {person["name"]: person["sounds_like"] for person in speakers_of_an_upload(ada, said)}
    assert found == {"Speaker 1": "Grace", "Speaker 2": "", "Speaker 3": ""}
