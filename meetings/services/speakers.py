"""Lines of several people become lines of each: the words go to the speakers that a diarization found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from meetings.models import AudioStream, Participant, Segment
from meetings.services.corrections import Author, Changes, What, changing
from meetings.words import TimedWord
from transcription.diarization.assignment import Run, Speakers, runs
from transcription.diarization.turns import Turn
from transcription.language import join_words

SAMPLES_PER_MS = 16
UNNAMED = "Recording"  # who stands for an upload until its speakers are known, or somebody names them
MAX_ROOM = 60  # of a microphone's name, before " / Speaker 12"


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who speaks when, in ms from the audio's beginning, and what each sounds like; or why that could not be told."""

    turns: Sequence[Turn] = ()
    unable: str = ""
    voices: Sequence[Sequence[float]] = ()  # as `transcription.diarization.turns.Heard` has them
    model: str = ""  # what made the voices


@dataclass(frozen=True, slots=True)
class _Spoken:
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Cast:
    """Whose words are whose; those that nobody was heard to say stay with the microphone."""

    microphone: Participant
    people: Sequence[Participant]

    def of(self, run: Run) -> Participant:
        return self.microphone if run.speaker is None else self.people[run.speaker]


def assign(streams: Sequence[AudioStream], turns: Sequence[Turn], *, within: bool = False) -> Sequence[Participant]:
    """Give the lines of a microphone's streams, which are locked, to its speakers; returns them, by their numbers.

    Turns are in meeting time. The first speaker is who stood for the recording; `within` a microphone that has a name,
    all are new and carry it. A line of two speakers becomes two; one that a person changed, reviewed or gave to
    somebody is left alone. Raises CorrectionRefused when the transcript is approved.
    """
    heard = streams[0].participant
    count = 1 + max((turn.speaker for turn in turns), default=-1)
    if not count:
        return []
    with changing(heard.meeting, Author(_("Telling speakers apart")), What.SPEAKER) as changes:
        cast = Cast(heard, _people_within(heard, count) if within else _people(heard, count))
        speakers = Speakers(turns)
        for stream in streams:
            fresh = []
            untouched = stream.segments.filter(kind=Segment.Kind.SPEECH, participant=heard, revision=0, reviewed=False)
            for line in untouched.order_by("start_ms"):
                parts = _parts(line, speakers)
                fresh += [_part_of(line, run, cast) for run in parts[1:]]
                changes.change(line, participant_id=cast.of(parts[0]).pk, **_shortened(line, parts[0].end))
            _apart(stream, fresh)
            _add(changes, fresh)
    return cast.people


def _people(heard: Participant, count: int) -> list[Participant]:
    """The first speaker is who stood for the recording, by the name that somebody gave them; the others join."""
    heard.refresh_from_db(fields=["display_name"])
    if heard.display_name == UNNAMED:
        heard.display_name = _name(0)
        heard.save(update_fields=["display_name"])
    return [heard, *_join(heard, [_name(number) for number in range(1, count)])]


def _people_within(heard: Participant, count: int) -> list[Participant]:
    known = {person.display_name: person for person in heard.meeting.participants.all()}
    names = [f"{heard.display_name[:MAX_ROOM]} / {_name(number)}" for number in range(count)]
    joined = {person.display_name: person for person in _join(heard, [name for name in names if name not in known])}
    return [known.get(name) or joined[name] for name in names]


def _name(number: int) -> str:
    return _("Speaker %(number)d") % {"number": number + 1}


def _join(heard: Participant, names: Sequence[str]) -> list[Participant]:
    color = heard.meeting.participants.count()
    fresh = [
        Participant(
            meeting_id=heard.meeting_id,
            display_name=name,
            role=Participant.Role.MEMBER,
            color=color + number,
            joined_at=heard.joined_at,
            left_at=heard.left_at,
        )
        for number, name in enumerate(names)
    ]
    return Participant.objects.bulk_create(fresh)


def _parts(line: Segment, speakers: Speakers) -> list[Run]:
    words = [_Spoken(word["start_ms"], word["end_ms"]) for word in line.words]
    if not words:
        return [Run(0, len(words), speakers.of(line.start_ms, line.end_ms))]
    return runs(words, speakers)


def _shortened(line: Segment, count: int) -> dict[str, Any]:
    """The fields of a line that keeps its first words; none where it keeps them all."""
    if count == len(line.words):
        return {}
    words = line.words[:count]
    text = _text(line, words)
    end_ms = max(line.start_ms, words[-1]["end_ms"])
    end_sample = line.start_sample + (end_ms - line.start_ms) * SAMPLES_PER_MS
    return {"text": text, "recognised_text": text, "words": words, "end_ms": end_ms, "end_sample": end_sample}


def _part_of(line: Segment, run: Run, cast: Cast) -> Segment:
    words = line.words[run.first : run.end]
    start_ms, end_ms = words[0]["start_ms"], words[-1]["end_ms"]
    text = _text(line, words)
    return Segment(
        meeting_id=line.meeting_id,
        stream_id=line.stream_id,
        participant=cast.of(run),
        start_sample=line.start_sample + (start_ms - line.start_ms) * SAMPLES_PER_MS,
        end_sample=line.start_sample + (end_ms - line.start_ms) * SAMPLES_PER_MS,
        start_ms=start_ms,
        end_ms=max(start_ms, end_ms),
        text=text,
        recognised_text=text,
        words=words,
        language=line.language,
        confidence=line.confidence,
        revision=1,
    )


def _text(line: Segment, words: Sequence[TimedWord]) -> str:
    return join_words((word["text"] for word in words), line.language)


def _add(changes: Changes, fresh: Sequence[Segment]) -> None:
    """New lines get the next sequences; taking the change back hides them."""
    for line in fresh:
        changes.meeting.last_sequence += 1
        line.sequence = changes.meeting.last_sequence
    changes.meeting.save(update_fields=["last_sequence"])
    for line in Segment.objects.bulk_create(fresh, batch_size=500):
        changes.note(line, {"hidden": True}, "")


def _apart(stream: AudioStream, fresh: Iterable[Segment]) -> None:
    """No two lines of a stream begin at the same sample."""
    taken = set(stream.segments.values_list("start_sample", flat=True))
    for line in fresh:
        while line.start_sample in taken:
            line.start_sample += 1
        taken.add(line.start_sample)
        line.end_sample = max(line.end_sample, line.start_sample)
