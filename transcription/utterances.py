"""An ended utterance, and the captions that are made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcription.bleed import sound_of
from transcription.captions import Caption, Final, Partial, Settled, Word
from transcription.endpointing import Span
from transcription.engines.base import Hypothesis, SpokenWord, mean_confidence
from transcription.language import join_words


@dataclass(slots=True)
class Utterance:
    """An ended utterance on its way to a final."""

    span: Span
    pcm: bytes
    shown: Partial | None = None  # its last partial…
    words: tuple[SpokenWord, ...] = ()  # …and where they were said, as far as known
    hypothesis: Hypothesis | None = None

    @property
    def caption(self) -> Caption:
        """Once it is decoded; one without words takes its partial from the screen."""
        assert self.hypothesis is not None
        if not self.hypothesis.words:
            return Partial(self.span.start, self.span.end, "", 0, self.hypothesis.language)
        return replace(final_caption(self.span, self.hypothesis), sound=sound_of(self.pcm))

    @property
    def settled(self) -> Settled:
        """Once it is decoded."""
        assert self.hypothesis is not None
        return Settled(self.span.end, 0 if self.hypothesis.words else self.span.end - self.span.start)


def join_partials(parts: Sequence[Partial]) -> Partial | None:
    """As one; stable is what is before the first word that is not."""
    if not parts:
        return None
    first, last = parts[0], parts[-1]
    text = join_words((part.text for part in parts if part.text), last.language)
    letters = sum(len(part.text) for part in parts)
    confidence = sum(part.confidence * len(part.text) for part in parts) / letters if letters else 0.0
    return Partial(first.start_sample, last.end_sample, text, first.stable_chars, last.language, confidence)


def final_caption(span: Span, hypothesis: Hypothesis) -> Final:
    """The words at their place in the stream, in order and inside the utterance."""
    words: list[Word] = []
    for spoken in hypothesis.words:
        start = min(max(span.start + spoken.start, words[-1].end_sample if words else span.start), span.end)
        words.append(Word(spoken.text, start, min(max(span.start + spoken.end, start), span.end), spoken.confidence))
    text = join_words((word.text for word in words), hypothesis.language)
    return Final(span.start, span.end, text, tuple(words), hypothesis.language, mean_confidence(hypothesis.words))
