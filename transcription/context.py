"""What a speaker said last: the next utterance is understood better after it."""

from transcription.captions import SAMPLE_RATE, Final, Word

LONGEST = 10 * SAMPLE_RATE
FORGOTTEN = 3 * SAMPLE_RATE  # of silence


class Context:
    """The last words of a stream's finals, with their audio."""

    def __init__(self) -> None:
        self._words: list[Word] = []
        self._pcm = bytearray()  # up to `_end`
        self._end = 0

    def add(self, final: Final, pcm: bytes) -> None:
        """`pcm` is all the audio of the final."""
        self._follow(final.start_sample)
        self._pcm += pcm
        self._end = final.end_sample
        self._words += final.words
        del self._pcm[: -2 * LONGEST]
        first = self._end - len(self._pcm) // 2
        self._words = [word for word in self._words if word.start_sample >= first]

    def clear(self) -> None:
        self._words.clear()
        self._pcm.clear()

    def before(self, start: int) -> tuple[bytes, str]:
        """Audio that ends at sample `start`, and the words in it; both empty when nothing was said just before."""
        self._follow(start)
        words = [word for word in self._words if start - word.start_sample <= LONGEST]
        if not words:
            return b"", ""
        audio = self._pcm[2 * (words[0].start_sample - self._end) :]
        return bytes(audio), " ".join(word.text for word in words)

    def _follow(self, start: int) -> None:
        """Silence up to `start`."""
        if start - self._end > FORGOTTEN:
            self.clear()
        self._pcm += bytes(2 * (start - self._end) if self._words else 0)
        self._end = start
