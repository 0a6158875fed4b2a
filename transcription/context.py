"""What a speaker said last: the next utterance is understood better after it."""

from transcription.captions import SAMPLE_RATE, Final, Word
from transcription.language import join_words

LONGEST = 10 * SAMPLE_RATE
FORGOTTEN = 3 * SAMPLE_RATE  # of silence


class Context:
    """The last words of a stream's finals, with their audio."""

    def __init__(self) -> None:
        self._words: list[Word] = []
        self._pcm = bytearray()  # up to `_end`
        self._end = 0
        self._language = ""

    def add(self, final: Final, pcm: bytes) -> None:
        """`pcm` is all the audio of the final, which comes after those before."""
        silence = final.start_sample - self._end
        if silence > FORGOTTEN:
            self._words.clear()
            self._pcm.clear()
        self._pcm += bytes(2 * silence if self._words else 0) + pcm
        del self._pcm[: -2 * LONGEST]
        self._end = final.end_sample
        self._language = final.language
        first = self._end - len(self._pcm) // 2
        self._words = [word for word in (*self._words, *final.words) if word.start_sample >= first]

    def before(self, start: int, longest: int = LONGEST) -> tuple[bytes, str]:
        """Audio that ends at sample `start`, and the words in it; both empty when nothing was said just before."""
        words = [word for word in self._words if start - word.start_sample <= longest]
        if not words or start - self._end > FORGOTTEN:
            return b"", ""
        audio = self._pcm[2 * (words[0].start_sample - self._end) :] + bytes(2 * (start - self._end))
        return bytes(audio), join_words((word.text for word in words), self._language)
