"""Who spoke how much, how long and over whom: figures of one meeting, all times in milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import F, Func, IntegerField
from django.utils import timezone

from meetings.models import AudioStream, Meeting, Participant, Segment
from transcription.captions import SAMPLE_RATE

INTERRUPTION_MS = 500  # talk that begins this long before another's end is no polite overlap any more
PAUSE_MS = 3_000  # a longer one ends a monologue
SLICES = 12  # of the meeting, for the course of the talk

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of speech: who, from when to when, and how many words."""

    person: UUID
    start_ms: int
    end_ms: int
    words: int


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person's talk adds up to."""

    participant: Participant
    talk_ms: int
    share: float  # of the talk of all, 0 to 1
    turns: int
    longest_ms: int  # the longest monologue: no other turn and no long pause within
    words_per_minute: int
    interruptions: int  # talk begun while somebody else was talking and went on
    missing_ms: int  # audio that did not arrive
    wordless_ms: int | None  # speech in which no words were found; None where nobody counted
    spans: tuple[Span, ...]
    course: tuple[int, ...]  # talk in each slice of the meeting

    @property
    def speech_ms(self) -> int | None:
        """What voice activity heard: the talk, and what became no text."""
        return None if self.wordless_ms is None else self.talk_ms + self.wordless_ms

    @property
    def coverage(self) -> float | None:
        """Which share of the speech is text, 0 to 1."""
        return self.talk_ms / self.speech_ms if self.speech_ms else None


@dataclass(frozen=True, slots=True)
class Insight:
    length_ms: int
    voices: tuple[Voice, ...]  # who talked most comes first
    talk_ms: int  # of all, added
    overlap_ms: int  # two or more talked
    silence_ms: int
    slice_ms: int


def insight(meeting: Meeting) -> Insight:
    """Read the meeting's lines once and add them up."""
    lines = list(
        meeting.segments.filter(hidden=False)
        .annotate(word_count=_WORDS)
        .order_by("start_ms", "sequence")
        .values_list(*_FIELDS)
    )
    utterances = [_utterance(*line) for kind, *line in lines if kind == Segment.Kind.SPEECH]
    gaps = [(person, (start, end)) for kind, person, start, end, *_ in lines if kind == Segment.Kind.GAP]
    length_ms = max([meeting.offset_ms(meeting.ended_at or timezone.now()), *(line[3] for line in lines)])
    return add_up(list(meeting.participants.all()), utterances, gaps, _wordless(meeting), length_ms)


def _wordless(meeting: Meeting) -> dict[UUID, int | None]:
    """By participant, in milliseconds; None where one of their streams was not counted."""
    found: dict[UUID, int | None] = {}
    streams = AudioStream.objects.filter(participant__meeting=meeting)
    for person, samples in streams.values_list("participant_id", "wordless_samples"):
        before = found.get(person, 0)
        found[person] = None if before is None or samples is None else before + samples * 1_000 // SAMPLE_RATE
    return found


_WORDS = Func(F("words"), function="jsonb_array_length", output_field=IntegerField())
_FIELDS = ("kind", "participant_id", "start_ms", "end_ms", "word_count", "text")


def _utterance(person: UUID, start_ms: int, end_ms: int, words: int, text: str) -> Utterance:
    return Utterance(person, start_ms, end_ms, words or len(text.split()))


def add_up(
    people: Sequence[Participant],
    utterances: Sequence[Utterance],  # by start
    gaps: Iterable[tuple[UUID, Span]],
    wordless: Mapping[UUID, int | None],
    length_ms: int,
) -> Insight:
    spans = {
        person.pk: merged((u.start_ms, u.end_ms) for u in utterances if u.person == person.pk) for person in people
    }
    missing = {person.pk: _total(merged(span for owner, span in gaps if owner == person.pk)) for person in people}
    talk_ms = sum(map(_total, spans.values()))
    heard_ms = _total(merged(span for own in spans.values() for span in own))
    slice_ms = max(1, -(-length_ms // SLICES))
    turns, longest, broken_into = _turns(utterances), _monologues(utterances), _interruptions(utterances)
    voices = [
        Voice(
            participant=person,
            talk_ms=(talk := _total(spans[person.pk])),
            share=talk / talk_ms if talk_ms else 0.0,
            turns=turns.get(person.pk, 0),
            longest_ms=longest.get(person.pk, 0),
            words_per_minute=_pace(sum(u.words for u in utterances if u.person == person.pk), talk),
            interruptions=broken_into.get(person.pk, 0),
            missing_ms=missing[person.pk],
            wordless_ms=wordless.get(person.pk, 0),
            spans=spans[person.pk],
            course=_course(spans[person.pk], slice_ms),
        )
        for person in people
    ]
    voices.sort(key=lambda voice: -voice.talk_ms)
    return Insight(
        length_ms, tuple(voices), talk_ms, _shared(list(spans.values())), max(0, length_ms - heard_ms), slice_ms
    )


def merged(spans: Iterable[Span], gap_ms: int = 0) -> tuple[Span, ...]:
    """The spans in order, those that touch (or are at most `gap_ms` apart) made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1] + gap_ms:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def _total(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def _pace(words: int, talk_ms: int) -> int:
    return round(words * 60_000 / talk_ms) if talk_ms else 0


def _shared(everybody: Sequence[tuple[Span, ...]]) -> int:
    """How long two or more talked at once."""
    edges = sorted(
        (moment, step) for own in everybody for span in own for moment, step in zip(span, (1, -1), strict=True)
    )
    shared = talking = since = 0
    for moment, step in edges:
        if talking >= 2:
            shared += moment - since
        talking, since = talking + step, moment
    return shared


def _turns(utterances: Sequence[Utterance]) -> dict[UUID, int]:
    """A turn lasts until somebody else begins."""
    turns: dict[UUID, int] = {}
    for person, _ in groupby(utterances, key=lambda utterance: utterance.person):
        turns[person] = turns.get(person, 0) + 1
    return turns


def _monologues(utterances: Sequence[Utterance]) -> dict[UUID, int]:
    longest: dict[UUID, int] = {}
    for person, turn in groupby(utterances, key=lambda utterance: utterance.person):
        stretches = merged(((u.start_ms, u.end_ms) for u in turn), PAUSE_MS)
        longest[person] = max(longest.get(person, 0), *(end - start for start, end in stretches))
    return longest


def _interruptions(utterances: Sequence[Utterance]) -> dict[UUID, int]:
    """Who began while somebody who had begun before was to talk for another INTERRUPTION_MS or more."""
    counts: dict[UUID, int] = {}
    until: dict[UUID, int] = {}
    for utterance in utterances:
        others = [end for person, end in until.items() if person != utterance.person]
        own_end = until.get(utterance.person, 0)
        if own_end <= utterance.start_ms and max(others, default=0) - utterance.start_ms >= INTERRUPTION_MS:
            counts[utterance.person] = counts.get(utterance.person, 0) + 1
        until[utterance.person] = max(own_end, utterance.end_ms)
    return counts


def _course(spans: Iterable[Span], slice_ms: int) -> tuple[int, ...]:
    """The talk in each slice of the meeting."""
    course = [0] * SLICES
    for start, end in spans:
        for index in range(start // slice_ms, min(SLICES, -(-end // slice_ms))):
            course[index] += min(end, (index + 1) * slice_ms) - max(start, index * slice_ms)
    return tuple(course)
