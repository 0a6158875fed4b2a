from transcription.captions import SAMPLE_RATE, Final, Word
from transcription.context import FORGOTTEN, LONGEST, Context

SECOND = SAMPLE_RATE


def final(start: int, *texts: str) -> tuple[Final, bytes]:
    """A word a second, the audio of each is the number of its second."""
    words = tuple(Word(text, start + n * SECOND, start + (n + 1) * SECOND, 1.0) for n, text in enumerate(texts))
    pcm = b"".join((start // SECOND + n).to_bytes(2, "little") * SECOND for n in range(len(texts)))
    return Final(start, start + len(texts) * SECOND, " ".join(texts), words, "en", 1.0), pcm


def seconds(pcm: bytes) -> list[int]:
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2 * SECOND)]


def test_there_is_nothing_before_the_first_final() -> None:
    assert Context().before(5 * SECOND) == (b"", "")


def test_what_was_said_stands_before_with_the_silence_after_it() -> None:
    context = Context()
    context.add(*final(3 * SECOND, "we", "meet"))
    pcm, text = context.before(6 * SECOND)
    assert text == "we meet"
    assert seconds(pcm) == [3, 4, 0]


def test_silence_between_two_finals_keeps_its_length() -> None:
    context = Context()
    context.add(*final(1 * SECOND, "we"))
    context.add(*final(4 * SECOND, "meet"))
    assert seconds(context.before(5 * SECOND)[0]) == [1, 0, 0, 4]


def test_only_whole_words_of_the_last_seconds_are_kept() -> None:
    context = Context()
    for start in range(0, 40, 4):
        context.add(*final(start * SECOND, *"abcd"))
    pcm, text = context.before(40 * SECOND)
    assert len(pcm) == 2 * LONGEST
    assert len(text.split()) == len(seconds(pcm)) == LONGEST // SECOND
    assert context.before(40 * SECOND, 3 * SECOND)[1] == "b c d"


def test_it_is_forgotten_in_a_long_silence() -> None:
    context = Context()
    context.add(*final(0, "we"))
    assert context.before(SECOND + FORGOTTEN + 1) == (b"", "")
    context.add(*final(10 * SECOND, "meet"))
    assert context.before(11 * SECOND)[1] == "meet"
