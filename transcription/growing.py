"""The caption of an utterance while it is being spoken."""

from transcription.agreement import Agreement
from transcription.captions import SAMPLE_RATE, Partial
from transcription.engines.base import Hypothesis

SHORTEST_REST = SAMPLE_RATE  # audio that stays in the window when its start moves to the end of a sentence
PATIENCE = 2  # decodes without a new word, after which the agreed words are no longer forced


class GrowingCaption:
    """Decodes begin at `start`: where a sentence ended that is agreed on, so that windows stay short."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start  # heard up to here
        self._utterance_start = start
        self._done: tuple[str, ...] = ()  # words before `start`
        self._agreement = Agreement()
        self._sentence_ends: dict[int, int] = {}  # words up to there → sample
        self._stalled = 0

    @property
    def prefix(self) -> str:
        """Agreed words that the next decode need not find again."""
        return "" if self._stalled >= PATIENCE else " ".join(self._agreement.agreed)

    def hear(self, hypothesis: Hypothesis, end: int) -> Partial:
        """Take the decode of [start, end)."""
        self.end = end
        grown = len(hypothesis.words) > len(self._agreement.agreed)
        self._stalled = 0 if grown else self._stalled + 1
        self._agreement.hear(hypothesis.texts)
        for count, word in enumerate(hypothesis.words, start=1):
            if word.end:
                self._sentence_ends[count] = self.start + word.end
        partial = self._partial(hypothesis.language)
        self._move_start()
        return partial

    def hear_to_pause(self, hypothesis: Hypothesis, end: int) -> Partial:
        """Take the better decode of all up to a short silence at `end`: go on from there."""
        self.end = end
        self._go_on_from(end, hypothesis.texts)
        return self._partial(hypothesis.language)

    def _move_start(self) -> None:
        agreed = self._agreement.agreed
        for count, sample in sorted(self._sentence_ends.items(), reverse=True):
            if count <= len(agreed) and self.start < sample <= self.end - SHORTEST_REST:
                rest, shown = agreed[count:], self._agreement.shown[count:]
                self._go_on_from(sample, self._done + agreed[:count])
                self._agreement.agreed, self._agreement.shown = rest, shown
                return

    def _go_on_from(self, start: int, done: tuple[str, ...]) -> None:
        self.start, self._done = start, done
        self._agreement = Agreement()
        self._sentence_ends = {}
        self._stalled = 0

    def _partial(self, language: str) -> Partial:
        stable = " ".join(self._done + self._agreement.agreed)
        text = " ".join(self._done + self._agreement.shown)
        return Partial(self._utterance_start, self.end, text, len(stable), language)
