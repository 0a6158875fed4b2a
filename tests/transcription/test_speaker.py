"""One speaker without clock or processes: counters in, exact text out."""

import itertools
from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from transcription.captions import Caption, Final, Gap, Partial, Settled
from transcription.engines.base import EngineSettings, Hypothesis, SpokenWord
from transcription.engines.scripted import CounterActivity, ScriptedEngine, counter_frame
from transcription.speaker import Job, SpeakerProcessor
from transcription.streams import StreamInfo

STREAM = StreamInfo("stream", "meeting", "participant", language="en")
ENGINE = ScriptedEngine(EngineSettings(""))


def recording(*turns: tuple[int, int]) -> bytes:
    """Turns of (voiced frames, silent frames); voiced frames are numbered through."""
    audio, number = b"", 0
    for voiced, silent in turns:
        audio += b"".join(counter_frame(number + index) for index in range(1, voiced + 1)) + counter_frame(0) * silent
        number += voiced
    return audio


TALK = recording((30, 12), (4, 9), (200, 8), (12, 60), (9, 7))
SPOKEN = [str(number) for number in range(1, 256)]


class Room:
    """A speaker and an engine that answers when it is asked to."""

    def __init__(self, resume_sample: int = 0) -> None:
        self.processor = SpeakerProcessor(STREAM, CounterActivity(), resume_sample)
        self.captions: list[Caption] = []

    def push(self, pcm: bytes, first_sample: int, decodes: int = 1_000) -> None:
        self.processor.push(pcm, first_sample)
        self.decode(decodes)

    def decode(self, limit: int = 1_000) -> None:
        while limit and (job := self.processor.next_job(cadence=4_800)):
            self.processor.apply(job, ENGINE.decode([job.window])[0])
            limit -= 1
        self.captions += self.processor.take()

    def finish(self) -> list[Caption]:
        self.processor.flush()
        self.decode()
        return self.captions

    @property
    def finals(self) -> list[Final]:
        return [caption for caption in self.captions if isinstance(caption, Final)]

    @property
    def words(self) -> list[str]:
        return " ".join(final.text for final in self.finals).split()


def heard(cuts: Iterable[int], decodes: int) -> list[Final]:
    room, start = Room(), 0
    for cut in [*sorted({2 * cut for cut in cuts}), len(TALK)]:
        room.push(TALK[start:cut], start // 2, decodes)
        start = cut
    room.finish()
    return room.finals


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, len(TALK) // 2 - 1), max_size=60), st.integers(0, 3))
def test_the_same_audio_in_any_chunking_and_at_any_load_gives_the_same_finals(cuts: list[int], decodes: int) -> None:
    assert heard(cuts, decodes) == heard([], 1_000)


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=False))
def test_answers_that_come_late_and_out_of_order_give_the_same_finals(random: Random) -> None:
    room, asked = Room(), list[Job]()
    for start in range(0, len(TALK), 3_200):
        room.processor.push(TALK[start : start + 3_200], start // 2)
        if (job := room.processor.next_job(cadence=1_600)) is not None:
            asked.append(job)
        while asked and random.random() < 0.3:
            answered = asked.pop(random.randrange(len(asked)))
            room.processor.apply(answered, ENGINE.decode([answered.window])[0])
        room.captions += room.processor.take()
    for job in asked:
        room.processor.apply(job, ENGINE.decode([job.window])[0])
    assert [final for final in room.finish() if isinstance(final, Final)] == heard([], 1_000)


def test_what_is_said_while_a_final_is_decoded_is_shown_after_it() -> None:
    room = Room()
    room.push(recording((20, 0)), 0)
    room.processor.push(recording((20, 9), (10, 0))[2 * 20 * 1_600 :], 20 * 1_600)
    final, partial = room.processor.next_job(cadence=1), room.processor.next_job(cadence=1)
    assert final is not None
    assert partial is not None
    assert (final.ended, partial.ended, room.processor.next_job(cadence=1)) == (True, False, None)
    room.processor.apply(partial, ENGINE.decode([partial.window])[0])
    [both] = room.processor.take()
    assert isinstance(both, Partial)
    assert both.text.split() == [*SPOKEN[: len(both.text.split()) - 10], *SPOKEN[20:30]]
    room.processor.apply(final, ENGINE.decode([final.window])[0])
    after = [caption.text for caption in room.processor.take() if isinstance(caption, Final | Partial)]
    assert after == [" ".join(SPOKEN[:20]), " ".join(SPOKEN[20:30])]


def test_a_draft_that_comes_late_takes_no_word_back() -> None:
    room = Room()
    room.push(recording((20, 2)), 0, decodes=0)
    draft = room.processor.next_job(cadence=1)
    assert draft is not None
    assert draft.draft
    room.push(recording((20, 2), (10, 0))[2 * 22 * 1_600 :], 22 * 1_600)
    room.processor.apply(draft, ENGINE.decode([draft.window])[0])
    [*_, shown] = room.captions
    assert isinstance(shown, Partial)
    assert shown.text.split() == SPOKEN[:30]
    [again] = room.processor.take()
    assert isinstance(again, Partial)
    assert (again.text, again.end_sample) == (shown.text, shown.end_sample)
    assert [final.text.split() for final in room.finish() if isinstance(final, Final)] == [SPOKEN[:30]]


def test_every_word_is_in_exactly_one_final() -> None:
    assert " ".join(final.text for final in heard(range(1_600, len(TALK) // 2, 1_600), 1)).split() == SPOKEN


def test_finals_are_in_order_and_do_not_overlap() -> None:
    finals = heard([], 1)
    assert all(former.end_sample <= latter.start_sample for former, latter in itertools.pairwise(finals))
    assert all(final.start_sample <= word.start_sample <= word.end_sample for final in finals for word in final.words)


def test_a_restart_from_the_settled_sample_loses_and_doubles_nothing() -> None:
    first = Room()
    first.push(TALK[: 2 * 1_600 * 120], 0)
    settled = max(caption.sample for caption in first.captions if isinstance(caption, Settled))
    second = Room(settled)
    second.push(TALK[settled // 1_600 * 3_200 :], settled // 1_600 * 1_600)
    second.finish()
    assert first.words + second.words == SPOKEN


def test_missing_audio_ends_the_utterance_and_is_told_between_the_finals() -> None:
    room = Room()
    room.push(TALK[:32_000], 0)
    room.push(TALK[48_000:64_000], 24_000)
    room.finish()
    kept = [caption for caption in room.captions if isinstance(caption, Final | Gap)]
    assert [type(caption) for caption in kept] == [Final, Gap, Final]
    assert kept[1] == Gap(16_000, 24_000)


def test_partials_show_words_before_the_utterance_ends_and_grow() -> None:
    room = Room()
    for at in range(0, 30 * 3_200, 3_200):
        room.push(TALK[at : at + 3_200], at // 2)
    partials = [caption for caption in room.captions if isinstance(caption, Partial)]
    assert len(partials) >= 5
    assert partials[-1].text.split()[:20] == SPOKEN[:20]
    assert all(0 <= partial.stable_chars <= len(partial.text) for partial in partials)


def test_the_final_is_decoded_before_the_endpoint_is_sure() -> None:
    room = Room()
    room.push(recording((20, 3)), 0)
    room.processor.push(counter_frame(0) * 4, 23 * 1_600)
    assert [type(caption) for caption in room.processor.take()] == [Final, Settled]


def test_silence_is_settled_now_and_then_without_a_final() -> None:
    room = Room()
    for index in range(300):
        room.push(counter_frame(0), 1_600 * index)
    settled = [caption.sample for caption in room.captions if isinstance(caption, Settled)]
    assert len(settled) >= 4
    assert room.finals == []


def test_an_utterance_without_words_takes_its_partial_back() -> None:
    room = Room()
    room.processor.push(recording((20, 10)), 0)
    job = room.processor.next_job(cadence=1)
    assert job is not None
    room.processor.apply(job, Hypothesis((), "en"))
    ready = room.processor.take()
    assert [caption.text for caption in ready if isinstance(caption, Partial)] == [""]
    assert not any(isinstance(caption, Final) for caption in ready)


def test_speech_without_words_is_told_when_it_settles() -> None:
    room = Room()
    room.push(recording((20, 10)), 0)
    room.processor.push(recording((20, 10)), 30 * 1_600)
    [said] = [caption for caption in room.captions if isinstance(caption, Settled)]
    assert said.wordless == 0
    job = room.processor.next_job(cadence=1)
    assert job is not None
    room.processor.apply(job, Hypothesis((), "en"))
    [settled] = [caption for caption in room.processor.take() if isinstance(caption, Settled)]
    assert (settled.sample, settled.wordless) == (job.end, job.end - job.start)


def test_a_failed_partial_is_not_tried_again_but_its_final_is() -> None:
    room = Room()
    room.processor.push(recording((20, 0)), 0)
    job = room.processor.next_job(cadence=1)
    assert job is not None
    room.processor.apply(job, None)
    assert not room.processor.wants_decode(cadence=1)
    room.push(recording((0, 10)), 20 * 1_600)
    assert room.words == SPOKEN[:20]


def test_an_engine_that_hears_words_outside_the_audio_cannot_break_the_order() -> None:
    room = Room()
    room.processor.push(recording((20, 10)), 0)
    job = room.processor.next_job(cadence=1)
    assert job is not None
    wild = (SpokenWord("late", 90_000, 95_000, 0.5), SpokenWord("early", -50, 10, 0.5))
    room.processor.apply(job, Hypothesis(wild, "en"))
    [final] = [caption for caption in room.processor.take() if isinstance(caption, Final)]
    assert all(final.start_sample <= word.start_sample <= word.end_sample <= final.end_sample for word in final.words)
