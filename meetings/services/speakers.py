"""Lines of several people become lines of each: the words go to the speakers that a diarization found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from meetings.models import AudioStream, Meeting, Participant, Segment
from meetings.services.words import TimedWord
from transcription.diarization.assignment import Run, Speakers, runs
from transcription.diarization.turns import Turn
from transcription.language import join_words

SAMPLES_PER_MS = 16
MAX_ROOM = 60  # of a microphone's name, before " / Speaker 12"


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who speaks when, in ms from the audio's beginning; or why that could not be told."""

    turns: Sequence[Turn] = ()
    unable: str = ""


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


def assign(streams: Sequence[AudioStream], turns: Sequence[Turn], *, within: bool = False) -> int:
    """Give the lines of a microphone's streams to its speakers, within a transaction; returns how many there are.

    Turns are in meeting time. The first speaker is who stood for the recording; `within` a microphone that has a name,
    all are new and carry it. A line of two speakers becomes two. One that a person changed stays whole, one given to
    somebody stays theirs.
    """
    heard = streams[0].participant
    meeting = Meeting.objects.select_for_update().get(pk=heard.meeting_id)
    count = 1 + max((turn.speaker for turn in turns), default=-1)
    if not count:
        return 0
    cast = Cast(heard, _people_within(heard, count) if within else _people(heard, count))
    speakers = Speakers(turns)
    for stream in streams:
        changed, fresh = [], []
        for line in stream.segments.filter(kind=Segment.Kind.SPEECH, participant=heard).order_by("start_ms"):
            parts = _parts(line, speakers)
            changed.append(line)
            fresh += [_part_of(line, run, cast) for run in parts[1:]]
            _keep(line, parts[0], cast, whole=len(parts) == 1)
        _apart(stream, fresh)
        _store(meeting, changed, fresh)
    return count


def _people(heard: Participant, count: int) -> list[Participant]:
    """The first speaker is who stood for the recording; the others join."""
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
    if line.revision or not words:
        return [Run(0, len(words), speakers.of(line.start_ms, line.end_ms))]
    return runs(words, speakers)


def _keep(line: Segment, run: Run, cast: Cast, *, whole: bool) -> None:
    """The line keeps its first speaker's words."""
    line.participant = cast.of(run)
    if whole:
        return
    words = line.words[: run.end]
    line.text = line.recognised_text = _text(line, words)
    line.words = words
    line.end_ms = max(line.start_ms, words[-1]["end_ms"])
    line.end_sample = line.start_sample + (line.end_ms - line.start_ms) * SAMPLES_PER_MS


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
    )


def _text(line: Segment, words: Sequence[TimedWord]) -> str:
    return join_words((word["text"] for word in words), line.language)


def _store(meeting: Meeting, changed: Sequence[Segment], fresh: Sequence[Segment]) -> None:
    """New lines get the next sequences; every page that is open sees all of it as a change."""
    for line in fresh:
        meeting.last_sequence += 1
        line.sequence = meeting.last_sequence
    for line in (*changed, *fresh):
        meeting.last_edit += 1
        line.edit = meeting.last_edit
    fields = ["participant", "text", "recognised_text", "words", "end_ms", "end_sample", "edit"]
    Segment.objects.bulk_update(changed, fields, batch_size=500)
    Segment.objects.bulk_create(fresh, batch_size=500)
    meeting.save(update_fields=["last_sequence", "last_edit"])


def _apart(stream: AudioStream, fresh: Iterable[Segment]) -> None:
    """No two lines of a stream begin at the same sample."""
    taken = set(stream.segments.values_list("start_sample", flat=True))
    for line in fresh:
        while line.start_sample in taken:
            line.start_sample += 1
        taken.add(line.start_sample)
        line.end_sample = max(line.end_sample, line.start_sample)
