"""From encoded audio to tokens: word by word the likeliest, or the likeliest text of several at once (beam search)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from transcription.engines.decoder.network import Floats, Network, Tensors, as_past
from transcription.engines.decoder.rules import Rules


@dataclass(frozen=True, slots=True)
class Read:
    """Tokens after those that start a text, without its end."""

    tokens: list[int]
    no_speech: float  # probability
    cut: bool  # it was not at its end


@dataclass(frozen=True, slots=True)
class Task:
    """`prompt` are tokens that are given, `guess` some that may follow them."""

    prompt: list[int]
    starts: int  # how many of the prompt are no text: those before the window's, and the ids that start it
    most: int  # tokens to find
    guess: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """From where a text is found: what it is given, and what may come first."""

    given: Tensors  # the audio, and the past
    last: Floats  # logits [vocabulary]
    written: list[int]
    at: int  # position of the first token
    most: int


class Text(NamedTuple):
    """One of the texts of a beam."""

    score: float
    tokens: list[int]


class Search:
    def __init__(self, network: Network, rules: Rules, *, end: int, start: int, no_speech: int) -> None:
        self._network = network
        self._rules = rules
        self._end, self._start, self._no_speech = end, start, no_speech

    def listen(self, audio: Floats) -> Tensors:
        """What the encoder made of a window, [1, S, width], for `chances` and `read`."""
        return self._network.listen(audio)

    def chances(self, heard: Tensors, ids: Sequence[int]) -> Floats:
        """How likely each of `ids` is right after the start; together 1."""
        logits, _ = self._read_all(heard, [self._start], [0])
        return _softmax(logits[0][list(ids)])

    def read(self, heard: Tensors, task: Task, beam: int) -> Read:
        """What is heard after the prompt. Tokens of the guess that would be found anyway are, all in one pass."""
        before = len(task.prompt)
        tokens = [*task.prompt, *task.guess]
        logits, own = self._read_all(heard, tokens, [tokens.index(self._start), *range(before - 1, len(tokens))])
        no_speech = float(_softmax(logits[0])[self._no_speech])
        written = task.prompt[task.starts :]
        held = self._holding(logits[1:], written, task.guess)
        written += task.guess[:held]
        most = min(task.most, self._network.longest - before) - held
        given = {**heard, **as_past(own, before + held)}
        beginning = Beginning(given, logits[1 + held], written, before + held, most)
        found, cut = self._likeliest_text(beginning, beam) if beam > 1 else self._likeliest_words(beginning)
        return Read(written + found, no_speech, cut)

    def _read_all(self, heard: Tensors, tokens: list[int], rows: Sequence[int]) -> tuple[Floats, Tensors]:
        """From the start: logits [rows, vocabulary], and what was read."""
        given = {**heard, **self._network.nothing("past")}
        logits, own = self._network.read(given, self._network.nothing("own"), [tokens], 0, rows)
        return logits[0], own

    def _holding(self, logits: Floats, written: Sequence[int], guess: Sequence[int]) -> int:
        for place, token in enumerate(guess):
            chances = self._rules.log_probabilities(logits[place], [*written, *guess[:place]])
            if int(chances.argmax()) != token:
                return place
        return len(guess)

    def _likeliest_words(self, begin: Beginning) -> tuple[list[int], bool]:
        own, last, found = self._network.nothing("own"), begin.last, list[int]()
        while len(found) < begin.most:
            token = int(self._rules.log_probabilities(last, begin.written + found).argmax())
            if token == self._end:
                return found, False
            logits, own = self._network.read(begin.given, own, [[token]], begin.at + len(found), [0])
            found.append(token)
            last = logits[0, 0]
        return found, True

    def _likeliest_text(self, begin: Beginning, beam: int) -> tuple[list[int], bool]:
        """Texts that ended are weighed by their mean; the search is over when there are as many as the beam is wide."""
        texts, ended = [Text(0.0, [])], list[Text]()
        own, rows = self._network.nothing("own"), begin.last[None]
        for found in range(begin.most):
            chances = [
                text.score + self._rules.log_probabilities(row, begin.written + text.tokens)
                for text, row in zip(texts, rows, strict=True)
            ]
            texts, parents = self._grown(texts, np.stack(chances), beam, ended)
            if len(ended) >= beam or not texts:
                break
            own = {name: cache[parents] for name, cache in own.items()}
            newest = [text.tokens[-1:] for text in texts]
            logits, own = self._network.read(begin.given, own, newest, begin.at + found, [0])
            rows = logits[:, 0]
        best = max(ended or [Text(text.score / (len(text.tokens) + 1), text.tokens) for text in texts])
        return best.tokens, not ended

    def _grown(
        self, texts: Sequence[Text], chances: Floats, beam: int, ended: list[Text]
    ) -> tuple[list[Text], list[int]]:
        """The best texts with one more token and which they came from; those that end here go to `ended`."""
        flat, size = chances.ravel(), chances.shape[1]
        best = np.argpartition(flat, -2 * beam)[-2 * beam :]
        grown: list[Text] = []
        parents: list[int] = []
        for rank, place in enumerate(best[np.argsort(-flat[best])]):
            parent, token = divmod(int(place), size)
            text, score = texts[parent], float(flat[place])
            if not np.isfinite(score) or len(grown) == beam:
                break
            if token != self._end:
                grown.append(Text(score, [*text.tokens, token]))
                parents.append(parent)
            elif rank < beam:
                ended.append(Text(score / (len(text.tokens) + 1), text.tokens))
        return grown, parents


def _softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max())
    chances: Floats = weights / weights.sum()
    return chances
