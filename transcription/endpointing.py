"""Where utterances start and end, from the voice probabilities alone: the same audio always gives the same cuts."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from transcription.captions import SAMPLE_RATE
from transcription.vad import FRAME

MS = SAMPLE_RATE // 1000


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """Lengths in samples at 16 kHz."""

    onset: float = 0.5  # probability that opens an utterance
    offset: float = 0.35  # below it a frame counts as silence
    pre_roll: int = 320 * MS  # kept before the first voiced frame
    post_roll: int = 160 * MS  # kept after the last one
    draft: int = 160 * MS  # silence after which the final is decoded early
    endpoint: int = 352 * MS  # silence that ends an utterance of `settled` length…
    settled: int = 6_000 * MS
    hesitation: int = 640 * MS  # …one of half that, as people who look for words pause early…
    longest: int = 14_000 * MS  # …while longer ones end at shorter pauses, and here they are cut…
    search: int = 3_000 * MS  # …at the quietest place of as much
    voiced: int = 96 * MS  # less voice than this is no utterance

    def silence_needed(self, length: int) -> int:
        """How much silence ends an utterance of this length."""
        lengths = (self.settled // 2, self.settled, self.longest)
        return round(np.interp(length, lengths, (self.hesitation, self.endpoint, self.draft)))


@dataclass(slots=True)
class Span:
    """An utterance: samples [start, end) without its post-roll, `voiced` of them with a voice."""

    start: int
    end: int
    voiced: int = 0


@dataclass(slots=True)
class Endpointer:
    """Feed it one frame after the other; `open` is the utterance being spoken."""

    rules: EndpointRules
    floor: int = 0  # no utterance may start before
    open: Span | None = None
    _recent: deque[tuple[int, float]] = field(default_factory=deque)  # frame start, probability

    def feed(self, frame_start: int, probability: float) -> Span | None:
        """Returns the utterance that this frame ends, its post-roll included."""
        frame_end = frame_start + FRAME
        if self.open is None:
            if probability >= self.rules.onset:
                self.open = Span(max(self.floor, frame_start - self.rules.pre_roll), frame_end, FRAME)
                self._recent.clear()
            return None
        self._remember(frame_start, probability)
        if probability >= self.rules.offset:
            self.open.end = frame_end
            self.open.voiced += FRAME
        length = frame_end - self.open.start
        if frame_end - self.open.end >= self.rules.silence_needed(length):
            return self.close(frame_end)
        return self._cut() if length >= self.rules.longest else None

    def silence(self, position: int) -> int:
        """Samples since the last voice of the open utterance."""
        return position - self.open.end if self.open else 0

    def close(self, position: int) -> Span | None:
        """End the open utterance at its post-roll, or at `position` if the audio ends before."""
        span, self.open = self.open, None
        if span is not None:
            span.end = min(span.end + self.rules.post_roll, position)
            self.floor = span.end
        return span

    def _remember(self, frame_start: int, probability: float) -> None:
        self._recent.append((frame_start, probability))
        while self._recent[0][0] < frame_start - self.rules.search:
            self._recent.popleft()

    def _cut(self) -> Span | None:
        """Split at the quietest frame of late; the rest is the next utterance."""
        whole = self.open
        assert whole is not None
        quietest, _ = min(self._recent, key=lambda frame: frame[1])
        cut = quietest + FRAME // 2
        after = [start for start, probability in self._recent if start > quietest and probability >= self.rules.offset]
        self.open = Span(cut, max(whole.end, cut), len(after) * FRAME)
        self.floor = cut
        return Span(whole.start, cut, whole.voiced - len(after) * FRAME)
