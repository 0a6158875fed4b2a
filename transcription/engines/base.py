"""The seam between the speakers and whatever turns audio into words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec


class Window(msgspec.Struct, frozen=True):
    """Audio to decode: PCM16 mono at 16 kHz. Carries all it needs, so that an engine keeps no state."""

    pcm: bytes
    final: bool  # wants the better decode, word times and confidence
    language: str = ""  # BCP-47; "" finds it…
    leaning: dict[str, float] = {}  # …after what was heard before: logarithm of how much likelier a language became
    context_samples: int = 0  # how much at the start is there only to understand the rest after it…
    context: str = ""  # …and its words, which are not in the hypothesis
    prefix: str = ""  # words agreed on after the context; only for partials
    guess: str = ""  # words that were heard behind the prefix the last time: found quickly where they are heard again
    heard_samples: int = 0  # how much at the start, the context included, was decoded before and gave prefix and guess
    vocabulary: tuple[str, ...] = ()
    attempt: int = 0  # 1: an engine died of this window before

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2

    @property
    def fresh_samples(self) -> int:
        """Without the context."""
        return self.samples - self.context_samples

    def alone(self) -> "Window":
        """Without the context."""
        return msgspec.structs.replace(self, pcm=self.pcm[2 * self.context_samples :], context_samples=0, context="")

    def again(self) -> "Window":
        return msgspec.structs.replace(self, attempt=self.attempt + 1)


class SpokenWord(msgspec.Struct, frozen=True):
    """A word with its place after the window's context, in samples at 16 kHz."""

    text: str
    start: int = 0
    end: int = 0
    confidence: float = 0.0


def mean_confidence(words: Sequence[SpokenWord]) -> float:
    """Weighted by their length; 0 without words."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0


class Hypothesis(msgspec.Struct, frozen=True):
    """What an engine heard in a window; no words is silence."""

    words: tuple[SpokenWord, ...]
    language: str = ""
    languages: dict[str, float] = {}  # how probable each is, where it was to be found
    decode_ms: int = 0
    unanswered: str = ""  # why the engine cannot say now what it heard: the window is worth another try

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """Where an engine that only asks another server finds it."""

    url: str = ""
    api_key: str = field(default="", repr=False)
    timeout_seconds: float = 6.0  # of one request, from its start to the last byte of the answer

    @property
    def longest_seconds(self) -> float:
        """After which an answer will not come any more: two tries, a question whether it works, and their pauses."""
        return 3 * self.timeout_seconds + 4.0


NO_SERVER = RemoteServer()


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is made with; `model` means what the engine makes of it."""

    model: str
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0  # of all lanes together; 0: all cores
    server: RemoteServer = NO_SERVER


class Engine(Protocol):
    """Lives in a process of its own, is called from one thread. The constructor loads; it raises ModelUnavailable."""

    description: str  # model, device, compute type
    batch_size: int  # how many windows at once are worth it
    lanes: int  # how many such engines, each in its process, are worth it beside each other

    def __init__(self, settings: EngineSettings) -> None: ...

    def warm_up(self) -> None: ...

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]: ...


UNCLEAR = Hypothesis((SpokenWord("[unclear]"),))
