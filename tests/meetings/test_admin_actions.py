"""What administrators and reviewers do with what they select in the lists, and what is refused."""

import io
import zipfile
from pathlib import Path
from typing import Any

import docx2txt
import msgspec
import numpy as np
import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meetings.admin import meetings as meeting_admin
from meetings.exports import Options
from meetings.models import AuditEntry, Document, Job, Meeting, Participant, Recording, SecondPass, User
from meetings.services import documents, uploads
from tests.meetings.cast import ended, say, signed_in
from tests.meetings.test_listening import keep, stream_of

pytestmark = pytest.mark.django_db
ACTIONS = {
    "meeting": ["export_minutes", "export_word", "approve", "transcribe_again", "delete_selected"],
    "participant": ["anonymise"],
    "recording": ["retry", "cancel", "delete_selected"],
    "document": ["delete_selected"],
    "secondpass": ["retry"],
}


@pytest.fixture
def browser(admin: User) -> Client:
    return signed_in(admin)


@pytest.fixture
def recording(ada: User, tmp_path: Path, settings: Settings) -> Recording:
    settings.VAR_DIR = tmp_path
    recording = uploads.begin(ada, "Interview", "en", 4)
    uploads.receive(recording, 0, b"RIFF")
    recording.refresh_from_db()
    return recording


def act(browser: Client, model: str, action: str, *rows: Any) -> Any:
    path = reverse(f"admin:meetings_{model}_changelist")
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    return browser.post(path, chosen, follow=True)


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def with_role(user: User, role: str) -> Client:
    user.groups.add(Group.objects.get(name=role))
    user.is_staff = True
    user.save()
    return signed_in(user)


def test_transcripts_are_approved_by_steps_that_are_noted(browser: Client, meeting: Meeting, ada: User) -> None:
    live = Meeting.objects.create(title="Live", host=ada, status=Meeting.Status.LIVE)
    answer = act(browser, "meeting", "approve", ended(meeting), live)
    meeting.refresh_from_db()
    live.refresh_from_db()
    assert (meeting.review, live.review) == (Meeting.Review.APPROVED, Meeting.Review.DRAFT)
    assert [(step.what, step.author_name) for step in meeting.review_steps.all()] == [
        ("in_review", "Root"),
        ("approved", "Root"),
    ]
    assert sorted(said(answer)) == [
        "Live: the review begins when the meeting is over",
        "Weekly sync is approved and locked.",
    ]
    assert AuditEntry.objects.filter(action="changed", meeting_id=meeting.pk).exists()
    assert said(act(browser, "meeting", "approve", meeting)) == ["Weekly sync: this transcript is approved already"]


def test_minutes_come_as_word_documents_too_but_not_too_many(
    browser: Client, meeting: Meeting, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(meeting.participants.get(), 1_000, "Hello.")
    other = Meeting.objects.create(title="Other", host=ada)
    answer = act(browser, "meeting", "export_word", meeting)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        [name] = archive.namelist()
        assert "Hello." in docx2txt.process(io.BytesIO(archive.read(name)))
    monkeypatch.setitem(meeting_admin.MOST, "docx", 1)
    assert said(act(browser, "meeting", "export_word", meeting, other)) == [
        "That is too much for one archive: choose fewer meetings."
    ]


def test_the_list_counts_who_spoke(browser: Client, meeting: Meeting) -> None:
    say(meeting.participants.get(), 1_000, "Hello.")
    say(meeting.participants.get(), 3_000, "Hello again.")
    Participant.objects.create(meeting=meeting, display_name="Silent", role=Participant.Role.GUEST)
    [row] = browser.get("/admin/meetings/meeting/").context["cl"].result_list
    assert (row.participant_count, row.speaker_count) == (2, 1)


def test_kept_audio_is_transcribed_again_and_what_was_not_kept_is_said(
    browser: Client, meeting: Meeting, settings: Settings
) -> None:
    environment = settings.ENVIRONMENT
    elsewhere = {"engine": "openai", "openai_base_url": "http://127.0.0.1:1/v1", "second_pass_model": ""}
    settings.ENVIRONMENT = msgspec.structs.replace(environment, **elsewhere)
    assert said(act(browser, "meeting", "transcribe_again", ended(meeting))) == [
        "No model is set up here for a second pass."
    ]
    settings.ENVIRONMENT = msgspec.structs.replace(environment, second_pass_model="better")
    assert said(act(browser, "meeting", "transcribe_again", meeting)) == [
        "Weekly sync: there is no kept audio, or the meeting goes on."
    ]
    keep(stream_of(meeting.participants.get(), 0), 0, np.zeros(1_600, "<i2"))
    assert said(act(browser, "meeting", "transcribe_again", meeting)) == ["Weekly sync waits for a worker."]
    assert SecondPass.objects.get().model == "better"


def test_failed_recordings_are_tried_again_and_others_not(browser: Client, recording: Recording) -> None:
    assert said(act(browser, "recording", "retry", recording)) == ["Interview did not fail, or its file is gone."]
    Job.objects.update(stage=Job.Stage.FAILED, reason="decoder")
    assert said(act(browser, "recording", "retry", recording)) == ["Interview waits for a worker."]
    assert Job.objects.get().stage == Job.Stage.WAITING
    act(browser, "recording", "cancel", recording)
    assert Job.objects.get().stage == Job.Stage.CANCELLED


def test_a_deleted_recording_takes_its_file_along(browser: Client, recording: Recording) -> None:
    path = uploads.path_of(recording)
    assert path.exists()
    act(browser, "recording", "delete_selected", recording)
    assert not Recording.objects.exists()
    assert not Job.objects.exists()
    assert not path.exists()
    assert [(entry.action, str(entry.user)) for entry in AuditEntry.objects.all()] == [("deleted", "Root")]


def test_a_deleted_account_takes_the_files_of_its_uploads_along(browser: Client, recording: Recording) -> None:
    path = uploads.path_of(recording)
    act(browser, "user", "delete_selected", recording.owner)
    assert not User.objects.filter(pk=recording.owner_id).exists()
    assert not path.exists()
    assert AuditEntry.objects.get().action == "deleted"


def test_recordings_and_jobs_are_looked_at_and_not_changed(browser: Client, recording: Recording) -> None:
    for model, row in (("recording", recording), ("job", recording.job)):
        assert b"Interview" in browser.get(reverse(f"admin:meetings_{model}_changelist"), {"q": "inter"}).content
        path = reverse(f"admin:meetings_{model}_change", args=[row.pk])
        assert browser.get(path).status_code == 200
        assert browser.post(path, {"title": "Forged"}).status_code == 403
        assert browser.get(reverse(f"admin:meetings_{model}_add")).status_code == 403


def test_deleting_a_document_leaves_the_meeting(browser: Client, meeting: Meeting) -> None:
    document = documents.order(meeting, "pdf", Options())
    document.file.save("minutes.pdf", ContentFile(b"%PDF"))
    file = Path(document.file.path)
    act(browser, "document", "delete_selected", document)
    assert not Document.objects.exists()
    assert not file.exists()
    assert Meeting.objects.exists()
    assert [(entry.action, entry.meeting_id) for entry in AuditEntry.objects.all()] == [("deleted", meeting.pk)]


@pytest.mark.parametrize("model", ["participant", "segment", "audiostream", "job"])
def test_what_belongs_to_something_goes_with_it_and_not_by_itself(
    browser: Client, meeting: Meeting, recording: Recording, model: str
) -> None:
    line = say(meeting.participants.get(), 1_000, "Hello.")
    row = {"participant": line.participant, "segment": line, "audiostream": line.stream, "job": recording.job}[model]
    act(browser, model, "delete_selected", row)
    path = reverse(f"admin:meetings_{model}_delete", args=[row.pk])
    assert browser.post(path, {"post": "yes"}).status_code == 403
    assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_who_is_asked_before_a_meeting_is_deleted_is_not_shown_what_was_said(browser: Client, meeting: Meeting) -> None:
    line = say(meeting.participants.get(), 1_000, "The canary sings.")
    page = browser.get(reverse("admin:meetings_meeting_delete", args=[meeting.pk]))
    assert line.text not in page.content.decode()
    assert page.context["model_count"]


def test_an_administrator_by_role_deletes_a_meeting_with_all_that_belongs_to_it(meeting: Meeting, eve: User) -> None:
    say(meeting.participants.get(), 1_000, "Hello.")
    documents.order(meeting, "pdf", Options())
    Recording.objects.create(owner=meeting.host, meeting=meeting, title="Upload", size_bytes=1)
    act(with_role(eve, "administrator"), "meeting", "delete_selected", meeting)
    assert not Meeting.objects.exists()


def test_a_reviewer_approves_and_exports_but_neither_anonymises_nor_deletes(meeting: Meeting, eve: User) -> None:
    reviewer = with_role(eve, "reviewer")
    person = meeting.participants.get()
    act(reviewer, "meeting", "approve", ended(meeting))
    meeting.refresh_from_db()
    assert meeting.review == Meeting.Review.APPROVED
    act(reviewer, "meeting", "delete_selected", meeting)
    act(reviewer, "participant", "anonymise", person)
    person.refresh_from_db()
    assert person.display_name == "Ada"


@pytest.mark.parametrize(("model", "action"), [(model, action) for model, all_ in ACTIONS.items() for action in all_])
def test_nobody_acts_without_the_role(
    meeting: Meeting, recording: Recording, eve: User, model: str, action: str
) -> None:
    document = documents.order(ended(meeting), "pdf", Options())
    rows = {
        "meeting": meeting,
        "participant": meeting.participants.get(),
        "recording": recording,
        "document": document,
        "secondpass": SecondPass.objects.create(meeting=meeting, stage=SecondPass.Stage.FAILED),
    }
    path = reverse(f"admin:meetings_{model}_changelist")
    chosen = {"action": action, "_selected_action": [str(rows[model].pk)], "post": "yes"}
    stranger, member = signed_in(eve), with_role(eve, "member")
    assert {browser.post(path, chosen).status_code for browser in (stranger, member)} <= {302, 403}
    assert list(Meeting.objects.values_list("review", flat=True)) == [Meeting.Review.DRAFT]
    assert Participant.objects.get().display_name == "Ada"
    assert (Job.objects.get().stage, Document.objects.count()) == (Job.Stage.WAITING, 1)
    assert SecondPass.objects.get().stage == SecondPass.Stage.FAILED
    assert not AuditEntry.objects.exists()


def test_a_failed_second_pass_is_tried_again_while_its_audio_is_there(
    meeting: Meeting, eve: User, settings: Settings, tmp_path: Path
) -> None:
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "kept_audio": folder}
    keep(stream_of(meeting.participants.get()), 0, np.zeros(16_000, np.int16))
    job = SecondPass.objects.create(meeting=ended(meeting), stage=SecondPass.Stage.FAILED, model="better")
    administrator = with_role(eve, "administrator")
    assert said(act(administrator, "secondpass", "retry", job)) == ["Weekly sync waits for a worker."]
    job = SecondPass.objects.get()
    assert (job.stage, job.model) == (SecondPass.Stage.WAITING, "better")
    assert said(act(administrator, "secondpass", "retry", job)) == ["Weekly sync did not fail, or its audio is gone."]
