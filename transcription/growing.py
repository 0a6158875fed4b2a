"""The caption of an utterance while it is being spoken."""

from collections.abc import Sequence

from msgspec.structs import replace

from transcription.agreement import Agreement
from transcription.captions import SAMPLE_RATE, Partial
from transcription.engines.base import Hypothesis, SpokenWord, mean_confidence
from transcription.language import join_words

SHORTEST_REST = SAMPLE_RATE  # audio that stays in the window when its start moves…
SENTENCE_END = tuple(".?!。？！")  # …to the end of a sentence
LONG = 8 * SAMPLE_RATE  # …or, in a window of this length, to the end of any word that was heard twice
PATIENCE = 2  # decodes without a new word, after which the agreed words are no longer forced


class GrowingCaption:
    """Decodes begin at `start`: behind words that are agreed on, so that windows stay short."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start  # heard up to here
        self._utterance_start = start
        self._done: tuple[str, ...] = ()  # words before `start`…
        self._left: tuple[SpokenWord, ...] = ()  # …as they were heard
        self._agreement = Agreement()
        self._stalled = 0
        self._language = ""
        self._placed: list[tuple[int, SpokenWord]] = []  # the words heard last, and the sample where each begins
        self.partial: Partial | None = None  # as last heard

    @property
    def known(self) -> tuple[str, str, int]:
        """Agreed words that the next decode need not find again, what was heard behind them, and up to which sample;
        no words up to the start when the decode shall begin anew."""
        if self._stalled >= PATIENCE or not self._placed:
            return "", "", self.start
        at, word = self._placed[-1]
        agreed, unsettled = self._agreement.agreed, self._agreement.unsettled
        return join_words(agreed, self._language), join_words(unsettled, self._language), at + word.end - word.start

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        """As last heard, at their place in the utterance; those that are not decoded any more are left out."""
        return tuple(
            replace(word, start=at - self._utterance_start, end=at - self._utterance_start + word.end - word.start)
            for at, word in self._placed
        )

    def hear(self, hypothesis: Hypothesis, end: int) -> None:
        """Take the decode of [start, end)."""
        self.end, self._language = end, hypothesis.language
        grown = len(hypothesis.words) > len(self._agreement.agreed)
        self._stalled = 0 if grown else self._stalled + 1
        self._agreement.hear(hypothesis.words, end - self.start)
        self._placed = [(self.start + word.start, word) for word in hypothesis.words]
        self._show(hypothesis.words)
        self._move_start(hypothesis.words)

    def hear_draft(self, hypothesis: Hypothesis, end: int) -> None:
        """Take the better decode of the utterance up to a short silence at `end`, after which it may have gone on."""
        if self.start > end:
            return
        self.end, self._language = max(self.end, end), hypothesis.language
        moved = self.start - self._utterance_start
        before = [word for word in hypothesis.words if (word.start + word.end) // 2 < moved]
        self._left, self._done = tuple(before), tuple(word.text for word in before)
        later = [word for at, word in self._placed if at > end]
        self._agreement.hear_well(hypothesis.words[len(before) :], later)
        self._stalled = 0
        self._show([*hypothesis.words[len(before) :], *later])

    def _move_start(self, words: tuple[SpokenWord, ...]) -> None:
        agreed, long = len(self._agreement.agreed), self.end - self.start > LONG
        for place in reversed(range(len(words))):
            word, end = words[place], self.start + words[place].end
            known = place < agreed and (long or word.text.endswith(SENTENCE_END))
            if (known or (long and place in self._agreement.settled)) and word.end and end <= self.end - SHORTEST_REST:
                self._done += self._agreement.leave(place + 1)
                self._left += words[: place + 1]
                self.start = end
                self._stalled = 0
                return

    def _show(self, words: Sequence[SpokenWord]) -> None:
        """`words` are those heard last, behind `start`."""
        stable = join_words(self._done + self._agreement.agreed, self._language)
        text = join_words(self._done + self._agreement.shown, self._language)
        shown = [words[place] for place in self._agreement.places if place < len(words)]
        sure = mean_confidence([*self._left, *shown])
        self.partial = Partial(self._utterance_start, self.end, text, len(stable), self._language, sure)
