"""Our own text decoder: against plain arithmetic on a small model, and against CTranslate2 on real speech."""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.speech import SAMPLE_RATE, three_voices, word_error_rate
from tests.transcription import plain_decoder as plain
from transcription.engines.base import EngineSettings, Window
from transcription.engines.decoder.kept import FORMAT
from transcription.engines.decoder.model_file import UnknownFormat, read_variables
from transcription.engines.decoder.network import Network, as_past
from transcription.engines.decoder.rules import LATEST_START, Rules, Vocabulary
from transcription.engines.decoder.search import Read, Search, Task
from transcription.engines.whisper import WhisperEngine
from transcription.models import resolve_model

TOKENS = [1, 7, 7, 30, 2, 19]
END, FIRST = 20, 24  # of the small model: the end of a text, the first timestamp


@pytest.fixture
def variables() -> dict[str, plain.Array]:
    return plain.random_variables()


@pytest.fixture
def network(tmp_path: Path, variables: dict[str, plain.Array]) -> Network:
    plain.write_model(tmp_path / "model.bin", variables)
    return Network(tmp_path, threads=1)


@pytest.fixture
def audio() -> plain.Array:
    return np.random.default_rng(4).normal(0, 1, (9, plain.WIDTH)).astype(np.float32)


# ── Network ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def near(found: plain.Array, expected: plain.Array) -> bool:
    """As near as weights of 7 bits allow in so narrow a network."""
    return bool(np.abs(found - expected).mean() < 0.06 * np.abs(expected).mean())


@pytest.mark.parametrize("store", [dict, plain.quantised])
def test_logits_are_those_of_plain_arithmetic(
    tmp_path: Path, variables: dict[str, plain.Array], audio: plain.Array, store: type
) -> None:
    plain.write_model(tmp_path / "model.bin", store(variables))
    assert logits_near(Network(tmp_path, threads=1), variables, audio)


def logits_near(network: Network, variables: dict[str, plain.Array], audio: plain.Array) -> bool:
    given = {**network.listen(audio[None]), **network.nothing("past")}
    logits, _ = network.read(given, network.nothing("own"), [TOKENS], 0, range(len(TOKENS)))
    return near(logits[0], plain.logits_of(variables, audio, TOKENS))


def test_texts_that_share_a_past_are_read_as_each_alone(
    network: Network, variables: dict[str, plain.Array], audio: plain.Array
) -> None:
    heard = network.listen(audio[None])
    first = {**heard, **network.nothing("past")}
    _, own = network.read(first, network.nothing("own"), [TOKENS], 0, [0])
    given = {**heard, **as_past(own, 3)}
    two = network.nothing("own")
    two = {name: cache[[0, 0]] for name, cache in two.items()}
    _, two = network.read(given, two, [[5], [6]], 3, [0])
    logits, _ = network.read(given, {name: cache[[1, 0]] for name, cache in two.items()}, [[8], [9]], 4, [0])
    for row, tokens in zip(logits[:, 0], ([*TOKENS[:3], 6, 8], [*TOKENS[:3], 5, 9]), strict=True):
        assert near(row, plain.logits_of(variables, audio, tokens)[-1])


# ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rules() -> Rules:
    return Rules(Vocabulary(100, END, FIRST, never=frozenset([3]), not_first=frozenset([4, END])))


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ([], set(range(FIRST, FIRST + LATEST_START + 1))),
        ([24, 5], ({*range(24), *range(25, 100)} - {3})),
        ([24, 5, 30], {*range(END, FIRST), *range(30, 100)}),  # the end of a segment: the next begins, or all ends
        ([24, 5, 30, 30], set(range(24)) - {3}),
    ],
)
def test_text_stands_between_timestamps_that_rise(rules: Rules, written: list[int], allowed: set[int]) -> None:
    logits = np.zeros(100, np.float32)
    logits[:FIRST] = 10.0  # words are likelier than all timestamps together
    found = rules.log_probabilities(logits, written)
    assert set(np.flatnonzero(np.isfinite(found)).tolist()) == allowed
    assert np.exp(found[np.isfinite(found)]).sum() == pytest.approx(1.0, abs=1e-4)


def test_a_timestamp_comes_where_all_of_them_are_likelier_than_the_likeliest_word(rules: Rules) -> None:
    logits = np.zeros(100, np.float32)
    logits[5] = 2.0
    assert np.isneginf(rules.log_probabilities(logits, [24, 5])[:FIRST]).all()


# ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def search(network: Network) -> Search:
    vocabulary = Vocabulary(plain.VOCABULARY, END, FIRST, never=frozenset(), not_first=frozenset([END]))
    return Search(network, Rules(vocabulary), end=END, start=21, no_speech=22)


def score(variables: dict[str, plain.Array], audio: plain.Array, read: Read) -> float:
    """Mean logarithm of the probabilities of a text and its end, under the rules."""
    vocabulary = Vocabulary(plain.VOCABULARY, END, FIRST, never=frozenset(), not_first=frozenset([END]))
    rules, tokens = Rules(vocabulary), [*read.tokens, END]
    logits = plain.logits_of(variables, audio, [21, *tokens]).astype(np.float32)
    each = [rules.log_probabilities(logits[place], tokens[:place])[token] for place, token in enumerate(tokens)]
    return float(np.mean(each))


@pytest.mark.parametrize("seed", range(6))
def test_a_beam_finds_a_text_as_likely_as_word_by_word(
    search: Search, variables: dict[str, plain.Array], seed: int
) -> None:
    audio = np.random.default_rng(seed).normal(0, 1, (9, plain.WIDTH)).astype(np.float32)
    heard = search.listen(audio[None])
    alone, best = (search.read(heard, Task([21], 1, 20), beam) for beam in (1, 5))
    if not (alone.cut or best.cut):
        assert score(variables, audio, best) >= score(variables, audio, alone) - 0.05


def test_a_search_that_may_not_go_on_says_so(search: Search, audio: plain.Array) -> None:
    heard = search.listen(audio[None])
    whole = search.read(heard, Task([21], 1, 28), 1)
    cut = search.read(heard, Task([21], 1, 2), 1)
    assert cut.cut
    assert cut.tokens == whole.tokens[:2]
    assert search.read(heard, Task([21, *TOKENS * 4, 5, 5, 5, 5], 1, 50), 1).cut  # as far as there are positions


@pytest.mark.parametrize("wrong_from", [0, 1, 3, None])
def test_a_guess_changes_how_quickly_but_not_what_is_found(
    search: Search, audio: plain.Array, wrong_from: int | None
) -> None:
    heard = search.listen(audio[None])
    alone = search.read(heard, Task([21], 1, 12), 1)
    guess = list(alone.tokens)
    if wrong_from is not None:
        guess[wrong_from:] = [(token + 1) % 20 for token in guess[wrong_from:]]
    assert search.read(heard, Task([21], 1, 12, guess), 1).tokens == alone.tokens


# ── Model files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_of_another_version_or_cut_short_is_refused(tmp_path: Path, variables: dict[str, plain.Array]) -> None:
    file = tmp_path / "model.bin"
    plain.write_model(file, variables, version=7)
    with pytest.raises(UnknownFormat, match="version 6"):
        read_variables(file, "decoder/")
    plain.write_model(file, variables)
    for size in (3, 200, file.stat().st_size // 2):
        cut = tmp_path / f"{size}.bin"
        cut.write_bytes(file.read_bytes()[:size])
        with pytest.raises(UnknownFormat):
            read_variables(cut, "decoder/")


def test_a_model_without_a_part_is_refused(tmp_path: Path, variables: dict[str, plain.Array]) -> None:
    del variables["layer_1/ffn/linear_0/weight"]
    plain.write_model(tmp_path / "model.bin", variables)
    with pytest.raises(UnknownFormat, match="layer_1/ffn/linear_0/weight"):
        Network(tmp_path, threads=1)


def test_the_graphs_are_kept_beside_the_model_until_it_changes(
    tmp_path: Path, variables: dict[str, plain.Array], audio: plain.Array
) -> None:
    plain.write_model(tmp_path / "model.bin", variables)
    Network(tmp_path, threads=1)
    [kept] = tmp_path.glob("decoder-*")
    before = (kept / "tokens.onnx").stat().st_mtime_ns
    Network(tmp_path, threads=1)
    assert (kept / "tokens.onnx").stat().st_mtime_ns == before
    other = plain.random_variables(seed=5)
    plain.write_model(tmp_path / "model.bin", other)
    later = kept.stat().st_mtime + 2
    os.utime(tmp_path / "model.bin", (later, later))
    assert logits_near(Network(tmp_path, threads=1), other, audio)


def test_where_nothing_can_be_written_the_graphs_are_made_each_time(
    tmp_path: Path, variables: dict[str, plain.Array], audio: plain.Array
) -> None:
    plain.write_model(tmp_path / "model.bin", variables)
    (tmp_path / f"decoder-{FORMAT}").write_text("a file in the way")
    assert logits_near(Network(tmp_path, threads=1), variables, audio)


# ── Real speech ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def engine() -> WhisperEngine:
    return WhisperEngine(EngineSettings("tiny.en", device="cpu"))


@pytest.fixture(scope="module")
def spoken() -> list[Window]:
    windows = []
    for voice in three_voices():
        for said in voice.utterances[:4]:
            part = voice.samples[int(said.start * SAMPLE_RATE) : int(said.end * SAMPLE_RATE)][: 12 * SAMPLE_RATE]
            windows.append(Window((part * 32_767).astype("<i2").tobytes(), final=True, language="en"))
    return windows


def texts(engine: WhisperEngine, windows: list[Window]) -> str:
    return " ".join(" ".join(engine.decode([window])[0].texts) for window in windows)


@pytest.mark.parametrize("final", [True, False])
def test_real_speech_is_heard_as_ctranslate2_hears_it(
    engine: WhisperEngine, spoken: list[Window], monkeypatch: pytest.MonkeyPatch, final: bool
) -> None:
    windows = [Window(window.pcm, final=final, language="en") for window in spoken]
    ours = texts(engine, windows)
    monkeypatch.setattr(engine, "_search", None)
    theirs = texts(engine, windows)
    assert word_error_rate(theirs, ours) < 0.12  # both round their weights, in different ways


ROUNDED = 0.2  # tokens that are read together are rounded together: a small model ends a cut sentence otherwise


def heard_plainly(engine: WhisperEngine, window: Window) -> tuple[str, ...]:
    return engine.decode([Window(window.pcm, final=False, language="en")])[0].texts


def heard_again(engine: WhisperEngine, window: Window, guess: str, new_seconds: float) -> tuple[str, ...]:
    """With so much new audio since the guess."""
    heard = round(window.samples - new_seconds * SAMPLE_RATE)
    again = Window(window.pcm, final=False, language="en", guess=guess, heard_samples=heard)
    return engine.decode([again])[0].texts


def test_a_guess_of_real_speech_gives_the_same_words(engine: WhisperEngine, spoken: list[Window]) -> None:
    plainly = [heard_plainly(engine, window) for window in spoken]
    together = " ".join(" ".join(texts) for texts in plainly)
    for cut in (0, 2):
        guesses = [" ".join(texts[: len(texts) - cut]) for texts in plainly]
        found = [heard_again(engine, window, guess, 1.0) for window, guess in zip(spoken, guesses, strict=True)]
        assert word_error_rate(together, " ".join(" ".join(texts) for texts in found)) < ROUNDED
    found = [heard_again(engine, window, "something else altogether", 10.0) for window in spoken]
    assert word_error_rate(together, " ".join(" ".join(texts) for texts in found)) < ROUNDED


def test_a_guess_that_holds_is_read_at_once(
    engine: WhisperEngine, spoken: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine._search is not None
    network, reads = engine._search._network, list[int]()
    read = network.read

    def counted(*arguments: Any) -> Any:
        reads.append(1)
        return read(*arguments)

    monkeypatch.setattr(network, "read", counted)
    guesses = [" ".join(heard_plainly(engine, window)) for window in spoken]
    plainly = len(reads)
    reads.clear()
    for window, guess in zip(spoken, guesses, strict=True):
        heard_again(engine, window, guess, 0.3)
    assert len(reads) < 0.7 * plainly


def test_languages_are_found_as_ctranslate2_finds_them(spoken: list[Window], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = WhisperEngine(EngineSettings("base", device="cpu"))
    unknown = [Window(window.pcm, final=True) for window in spoken[:4]]
    ours = [engine.decode([window])[0].languages.get("en", 0.0) for window in unknown]
    monkeypatch.setattr(engine, "_search", None)
    theirs = [engine.decode([window])[0].languages.get("en", 0.0) for window in unknown]
    assert ours == pytest.approx(theirs, abs=0.15)


def test_a_model_that_we_cannot_read_is_decoded_by_ctranslate2(
    tmp_path: Path, spoken: list[Window], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(resolve_model("tiny.en"), folder)
    monkeypatch.setattr("transcription.engines.decoder.model_file.VERSION", 7)
    with caplog.at_level(logging.WARNING):
        engine = WhisperEngine(EngineSettings(str(folder), device="cpu"))
    assert "slower" in caplog.text
    assert engine.decode(spoken[:1])[0].words


def test_other_precisions_are_left_to_ctranslate2() -> None:
    engine = WhisperEngine(EngineSettings("tiny.en", device="cpu", compute_type="float32"))
    assert engine._search is None
