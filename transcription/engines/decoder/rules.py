"""Which tokens Whisper may write next: text between timestamps that only rise (as in OpenAI's reference decoder)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LATEST_START = 50  # the first timestamp is at most so many steps of 20 ms into the window


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The ids that the rules are about."""

    size: int
    end: int  # of the text; lower ids are text
    first_timestamp: int
    never: frozenset[int]
    not_first: frozenset[int]


class Rules:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._ids = vocabulary
        self._never = _forbidding(vocabulary.size, vocabulary.never)
        self._first = _forbidding(vocabulary.size, vocabulary.never | vocabulary.not_first)
        self._first[: vocabulary.first_timestamp] = -np.inf
        self._first[vocabulary.first_timestamp + LATEST_START + 1 :] = -np.inf

    def log_probabilities(self, logits: NDArray[np.float32], written: Sequence[int]) -> NDArray[np.float32]:
        """Of each token [vocabulary] after those written in this window; what may not come has -inf."""
        if not written:
            return _normalised(logits + self._first)
        allowed, first = logits + self._never, self._ids.first_timestamp
        self._in_order(allowed, written)
        weights = np.exp(allowed - allowed.max())
        if weights[first:].sum() > weights[:first].max():  # a timestamp is likelier than any word
            allowed[:first] = -np.inf
        return _normalised(allowed)

    def _in_order(self, allowed: NDArray[np.float32], written: Sequence[int]) -> None:
        first = self._ids.first_timestamp
        ends = written[-1] >= first
        begins = ends and (len(written) < 2 or written[-2] >= first)
        if begins:
            allowed[first:] = -np.inf
        elif ends:
            allowed[: self._ids.end] = -np.inf
        latest = next((token for token in reversed(written) if token >= first), None)
        if latest is not None:
            allowed[first : latest if ends and not begins else latest + 1] = -np.inf


def _forbidding(size: int, ids: Iterable[int]) -> NDArray[np.float32]:
    mask = np.zeros(size, np.float32)
    mask[list(ids)] = -np.inf
    return mask


def _normalised(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    most = logits.max()
    normalised: NDArray[np.float32] = logits - (most + np.log(np.exp(logits - most).sum()))
    return normalised
