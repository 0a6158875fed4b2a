"""The jobs page: administrators see what runs, waits, failed and why, and can stop it or try again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from meetings.models import AudioStream, Job, KeptPiece, Meeting, Participant, Recording, SecondPass, User
from meetings.services import recordings, second_pass, shared_microphones, uploads
from meetings.services.speakers import Diarization
from tests.meetings.cast import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in(User.objects.create_superuser("boss@example.org", "correct-horse-battery", display_name="Boss"))


def uploaded(owner: User, title: str) -> Recording:
    recording = uploads.begin(owner, title, "en", 4)
    return uploads.receive(recording, 0, b"RIFF")


def shown(operator: Client, section: str) -> str:
    page = operator.get("/jobs/").content.decode()
    return page.split(f'id="{section}-title"')[1].split("</section>")[0]


def test_without_any_job_the_page_says_what_would_be_here(operator: Client) -> None:
    assert "There is no work yet" in operator.get("/jobs/").content.decode()


def test_every_job_stands_where_it_belongs(operator: Client, ada: User) -> None:
    for title in ("Waiting one", "Running one", "Failed one", "Done one"):
        uploaded(ada, title)
    uploads.begin(ada, "Still uploading", "en", 10)
    jobs = {job.recording.title: job.pk for job in Job.objects.select_related("recording")}
    for title in ("Running one", "Failed one", "Done one"):
        assert recordings.take(jobs[title])
    Job.objects.filter(pk=jobs["Running one"]).update(stage="transcribing", length_ms=10_000, done_ms=4_000)
    recordings.fail(jobs["Failed one"], "silent")
    Job.objects.filter(pk=jobs["Done one"]).update(
        stage="done", length_ms=60_000, started_at=timezone.now() - timedelta(seconds=15), ended_at=timezone.now()
    )
    assert "Waiting one" in shown(operator, "waiting")
    assert "Running one" in shown(operator, "running")
    assert "Transcribing 40 %" in shown(operator, "running")
    assert "The file has no sound track." in shown(operator, "failed")
    assert "took 15 s, 0.25×" in shown(operator, "over")
    assert "Still uploading" not in operator.get("/jobs/").content.decode()


def test_a_running_job_can_be_stopped(operator: Client, ada: User) -> None:
    recording = uploaded(ada, "Board")
    operator.post(f"/jobs/{recording.pk}/cancel/")
    recording.job.refresh_from_db()
    assert recording.job.stage == Job.Stage.CANCELLED


def test_a_failed_job_can_be_tried_again_while_its_file_is_there(operator: Client, ada: User) -> None:
    recording = uploaded(ada, "Board")
    recordings.fail(recording.job.pk, "decoder")
    assert "Try again" in shown(operator, "failed")
    operator.post(f"/jobs/{recording.pk}/retry/")
    assert recordings.waiting_jobs() == [recording.job.pk]
    recordings.fail(recording.job.pk, "decoder")
    uploads.path_of(recording).unlink()
    assert "Try again" not in shown(operator, "failed")
    answer = operator.post(f"/jobs/{recording.pk}/retry/", follow=True)
    assert "cannot be tried again" in answer.content.decode()


def test_only_administrators_see_and_steer_jobs(ada: User, eve: User) -> None:
    recording = uploaded(ada, "Board")
    for client in (signed_in(ada), signed_in(eve), Client()):
        assert client.get("/jobs/").headers["Location"].startswith("/accounts/login/")
        for action in ("cancel", "retry"):
            assert client.post(f"/jobs/{recording.pk}/{action}/").headers["Location"].startswith("/accounts/login/")
        for kind in ("second-passes", "microphones"):
            answer = client.post(f"/jobs/{kind}/{recording.pk}/retry/")
            assert answer.headers["Location"].startswith("/accounts/login/")
    assert recordings.waiting_jobs() == [recording.job.pk]


def shared(host: User, title: str) -> AudioStream:
    """Room 4's microphone in a meeting that is over and whose audio is kept."""
    meeting = Meeting.objects.create(title=title, host=host, status=Meeting.Status.ENDED, ended_at=timezone.now())
    person = Participant.objects.create(meeting=meeting, display_name="Room 4", role=Participant.Role.MEMBER)
    stream = AudioStream.objects.create(participant=person, shared=True, offset_ms=0)
    KeptPiece.objects.create(stream=stream, first_sample=0, samples=16_000, file=f"{stream.pk}/0.flac", size_bytes=1)
    return stream


def test_second_passes_stand_where_they_belong_and_a_failed_one_is_tried_again(operator: Client, ada: User) -> None:
    meeting = shared(ada, "Weekly").participant.meeting
    job = second_pass.request(meeting, "better")
    assert "Second pass" in shown(operator, "waiting")
    assert second_pass.take(job.pk)
    SecondPass.objects.update(done_ms=400, started_at=timezone.now() - timedelta(seconds=15))
    assert "Listening again 40 %" in shown(operator, "running")
    assert "for 15 s" in shown(operator, "running")  # without the time it waited
    second_pass.fail(job.pk, "The recogniser ended in the middle of the work.")
    assert "ended in the middle" in shown(operator, "failed")
    assert f"/jobs/second-passes/{meeting.pk}/retry/" in shown(operator, "failed")
    operator.post(f"/jobs/second-passes/{meeting.pk}/retry/")
    again = SecondPass.objects.get()
    assert (again.stage, again.model) == ("waiting", "better")
    second_pass.fail(again.pk, "Once more.")
    KeptPiece.objects.all().delete()
    answer = operator.post(f"/jobs/second-passes/{meeting.pk}/retry/", follow=True)
    assert "its audio is gone" in answer.content.decode()


def test_shared_microphones_stand_where_they_belong_and_a_failed_one_is_tried_again(
    operator: Client, ada: User
) -> None:
    room = shared(ada, "Weekly").participant
    assert "Weekly: Room 4" in shown(operator, "waiting")
    Meeting.objects.update(review=Meeting.Review.APPROVED)
    assert "The transcript is approved" in shown(operator, "waiting")
    Meeting.objects.update(review=Meeting.Review.DRAFT)
    shared_microphones.finish(room.pk, Diarization(unable="models"))
    assert "make install-diarization" in shown(operator, "waiting")
    assert shared_microphones.take(room.pk)
    assert "Weekly: Room 4" in shown(operator, "running")
    shared_microphones.finish(room.pk, Diarization(unable="crash"))
    assert "it failed" in shown(operator, "failed")
    operator.post(f"/jobs/microphones/{room.pk}/retry/")
    assert shared_microphones.waiting() == [room.pk]
    shared_microphones.finish(room.pk, Diarization())
    assert "Weekly: Room 4" in shown(operator, "over")
    answer = operator.post(f"/jobs/microphones/{room.pk}/retry/", follow=True)
    assert "cannot be tried again" in answer.content.decode()


def test_a_job_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.post("/jobs/00000000-0000-0000-0000-000000000000/cancel/").status_code == 404


def test_many_jobs_cost_as_many_queries_as_one(
    operator: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        recordings.fail(uploaded(ada, f"Board {number}").job.pk, "silent")
        SecondPass.objects.create(meeting=shared(ada, f"Weekly {number}").participant.meeting, stage="failed")
    with django_assert_max_num_queries(12):
        operator.get("/jobs/")
