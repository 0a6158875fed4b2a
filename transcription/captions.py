"""What a recogniser says about one audio stream.

All positions are samples at 16 kHz counted from the start of the stream (`SAMPLE_RATE`), whatever rate the browser
recorded at. Meeting time is added by whoever stores the caption.
"""

from dataclasses import dataclass, field

SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its place in the stream; `text` keeps its punctuation and no surrounding space."""

    text: str
    start_sample: int
    end_sample: int
    confidence: float  # 0…1


@dataclass(frozen=True, slots=True)
class Partial:
    """The caption being spoken: replaces the partial before it, is never stored.

    `text[:stable_chars]` was agreed on by two decodes in a row and is not expected to change.
    """

    start_sample: int  # of the utterance; the final that follows starts at the same sample
    end_sample: int  # how far the decoded audio went
    text: str
    stable_chars: int
    language: str  # BCP-47, "" while unknown
    confidence: float = 0.0  # 0…1, as that of a final, of the words in `text` when they were heard last


@dataclass(frozen=True, slots=True)
class Final:
    """A caption that will not change. Finals of a stream are ordered and never overlap."""

    start_sample: int
    end_sample: int
    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float  # 0…1, mean of the words weighted by their length
    sound: bytes = field(default=b"", compare=False, repr=False)  # see `transcription.bleed.sound_of`


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that never arrived: samples [start_sample, end_sample)."""

    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything before `sample` is final, silence or gap: it need not be replayed after a restart."""

    sample: int
    wordless: int = 0  # samples of speech that end here, by voice activity, in which no words were found


Caption = Partial | Final | Gap | Settled
