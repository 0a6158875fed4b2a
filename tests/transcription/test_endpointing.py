import itertools
from collections.abc import Iterable

from transcription.endpointing import MS, Endpointer, EndpointRules, Span
from transcription.vad import FRAME


def spans(probabilities: Iterable[float]) -> list[Span]:
    endpointer = Endpointer(EndpointRules())
    fed = enumerate(probabilities)
    return [span for index, chance in fed if (span := endpointer.feed(index * FRAME, chance)) is not None]


def frames(milliseconds: int) -> int:
    return milliseconds * MS // FRAME


def test_an_utterance_keeps_the_audio_before_its_first_voice_and_after_its_last() -> None:
    [span] = spans([0.0] * 20 + [0.9] * 30 + [0.0] * 30)
    rules = EndpointRules()
    assert span.start == 20 * FRAME - rules.pre_roll
    assert span.end == 50 * FRAME + rules.post_roll


def test_a_short_silence_does_not_end_an_utterance() -> None:
    [span] = spans([0.9] * 30 + [0.0] * frames(350) + [0.9] * 30 + [0.0] * 30)
    assert span.end > 60 * FRAME


def test_a_probability_between_the_thresholds_keeps_an_utterance_open_but_does_not_open_one() -> None:
    assert spans([0.4] * 100) == []
    [span] = spans([0.9] * 10 + [0.4] * 40 + [0.0] * 30)
    assert span.end >= 50 * FRAME


def test_a_long_utterance_ends_at_a_shorter_pause() -> None:
    pause = [0.0] * frames(300)
    assert len(spans([0.9] * frames(3_000) + pause + [0.9] * frames(3_000))) == 0
    assert len(spans([0.9] * frames(12_000) + pause + [0.9] * frames(3_000))) == 1


def test_a_monologue_without_a_pause_is_cut_without_loss_at_its_quietest_frame() -> None:
    rules = EndpointRules()
    speech = [0.9] * frames(60_000)
    quiet = frames(12_500)
    speech[quiet] = 0.6
    found = spans(speech)
    assert found[0].end == quiet * FRAME + FRAME // 2
    assert all(former.end == latter.start for former, latter in itertools.pairwise(found))
    assert all(span.end - span.start <= rules.longest for span in found)
