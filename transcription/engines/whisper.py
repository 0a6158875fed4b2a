"""Whisper on CTranslate2, decoding only the audio there is.

faster-whisper's `transcribe` always encodes 30 s. Here the model under it gets the features of the window and some
digital silence, which costs a tenth. Without that silence, or without timestamp tokens, small models say the sentence
again; where they still do, alignment finds no time for the echo and it is cut. On a CPU the text is found by a decoder
of our own, which is several times as fast with one window.
"""

import os
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import groupby
from math import log
from typing import Any

import ctranslate2
import msgspec
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from transcription.captions import SAMPLE_RATE
from transcription.engines.alignment import Reading, align_words
from transcription.engines.base import UNCLEAR, EngineSettings, Hypothesis, SpokenWord, Window
from transcription.engines.decoder.making import make_search
from transcription.engines.decoder.network import Tensors
from transcription.engines.decoder.search import Read, Search, Task
from transcription.engines.whisper_text import (
    drop_echo,
    is_ghost,
    is_invented,
    is_loop,
    text_tokens,
)
from transcription.language import LEAST, chances, likeliest
from transcription.models import resolve_model
from transcription.vocabulary import alike, names_one

MOST_LANES = 4  # on a CPU: threads that share one decode wait for each other, and each lane has a model in memory
BEAM = 5
RETRY_TEMPERATURE = 0.2
CLEAR_LANGUAGE = 0.5  # probability from which words of a partial are shown
PARTIAL_SILENCE = 3 * SAMPLE_RATE // 2
FINAL_SILENCE = 2 * SAMPLE_RATE
FINAL_SHORTEST = 5 * SAMPLE_RATE  # with the silence: below it even the beam repeats itself
LONGEST = 28 * SAMPLE_RATE
TOKENS_A_SECOND = 8  # nobody speaks faster
MAX_PROMPT = 220  # vocabulary tokens, half of what the decoder holds
OWN_PRECISIONS = {"int8", "int8_float32"}  # that our decoder works in, too
HURRIED_SECONDS = 2.5  # a decode that took longer is not made again for names: a machine so slow has none to spare


def device_and_precision(device: str, compute_type: str) -> tuple[str, str]:
    """What "auto" means on this machine."""
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if compute_type == "auto":
        compute_type = "float16" if device == "cuda" else "int8"
    return device, compute_type


class WhisperEngine:
    """Any CTranslate2 Whisper model; `device` and `compute_type` "auto" take a GPU where there is one."""

    def __init__(self, settings: EngineSettings) -> None:
        device, compute = device_and_precision(settings.device, settings.compute_type)
        path = resolve_model(settings.model)
        threads = settings.threads or os.cpu_count() or 1
        self.lanes = min(threads, MOST_LANES) if device == "cpu" else 1
        threads = max(1, threads // self.lanes)
        self._whisper = WhisperModel(str(path), device=device, compute_type=compute, cpu_threads=threads)
        self._model = self._whisper.model
        self._tokenizers: dict[str, Tokenizer] = {}
        self._search: Search | None = None
        if device == "cpu" and compute in OWN_PRECISIONS:
            self._search = make_search(path, self._tokenizer("en"), threads)
        self.description = f"{settings.model}, {device}, {compute}"
        self.batch_size = 16 if device == "cuda" else 1

    def warm_up(self) -> None:
        noise = np.random.default_rng(0).integers(-500, 500, SAMPLE_RATE, np.int16).tobytes()
        self.decode([Window(noise, final=True), Window(noise, final=False, language="en")])

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """Windows that take the same number of prompt tokens share a batch."""
        plain = [msgspec.structs.replace(window, vocabulary=()) for window in windows]
        order = sorted(range(len(plain)), key=lambda index: self._shape(plain[index]))
        answers: dict[int, Hypothesis] = {}
        began = time.monotonic()
        for _, group in groupby(order, key=lambda index: self._shape(plain[index])):
            places = list(group)
            heard = self._decode_batch([plain[place] for place in places])
            answers.update(zip(places, heard, strict=True))
        if time.monotonic() - began > HURRIED_SECONDS:
            return [answers[index] for index in range(len(windows))]
        return [self._with_names(window, answers[index]) for index, window in enumerate(windows)]

    def _with_names(self, window: Window, heard: Hypothesis) -> Hypothesis:
        """A final with words that may be one of the names and terms is heard again, with those in mind."""
        terms = alike(heard.texts, window.vocabulary) if window.final else ()
        if not terms:
            return heard
        asked = msgspec.structs.replace(window, language=heard.language, vocabulary=terms)
        [named] = self._decode_batch([asked])
        if not names_one(heard.texts, named.texts, terms):
            return heard
        return msgspec.structs.replace(named, languages=heard.languages)

    def _shape(self, window: Window) -> tuple[bool, int]:
        return window.final, len(self._prompt(window, self._tokenizer("en")))

    def _decode_batch(self, windows: Sequence[Window], temperature: float = 0.0) -> list[Hypothesis]:
        encoded = self._model.encode(ctranslate2.StorageView.from_array(self._features(windows)))
        listened = self._search.listen(np.array(encoded)) if self._search and len(windows) == 1 else None
        languages = self._languages(windows, encoded, listened)
        if self._search and listened and not temperature:
            results = [self._find(self._search, listened, windows[0], languages[0][0])]
        else:
            results = self._generate(windows, encoded, languages, temperature)
        readings = [
            self._reading(window, result.tokens, language)
            for window, result, (language, _) in zip(windows, results, languages, strict=True)
        ]
        aligned = align_words(self._model, encoded, readings)
        heard = []
        for window, result, words, language in zip(windows, results, aligned, languages, strict=True):
            whole = words[:-1] if result.cut and not window.final else words  # perhaps cut within a word
            fresh = drop_echo([after(word, window.context_samples) for word in whole])
            text = " ".join(word.text for word in fresh)
            if not window.final:
                heard.append(Hypothesis(() if is_guessed(window, *language) else fresh, *language))
            elif is_doubtful(window, text):
                heard.append(self._again(window, temperature, *language))
            else:
                invented = is_invented(text, mean_logprob(fresh), result.no_speech)
                heard.append(Hypothesis(() if invented else fresh, *language))
        return heard

    def _find(self, search: Search, listened: Tensors, window: Window, language: str) -> Read:
        """With our own decoder."""
        tokenizer = self._tokenizer(language)
        prompt = self._prompt(window, tokenizer)
        starts = prompt.index(tokenizer.sot) + len(tokenizer.sot_sequence)
        guess = tokenizer.encode(" " + window.guess) if window.guess else []
        if guess and starts == len(prompt):  # a text begins with its time
            guess = [tokenizer.timestamp_begin, *guess]
        most = self._most_tokens(window, language)
        return search.read(listened, Task(prompt, starts, most, guess), BEAM if window.final else 1)

    def _reading(self, window: Window, tokens: Sequence[int], language: str) -> Reading:
        tokenizer = self._tokenizer(language)
        known = len(tokenizer.encode(" " + window.context)) if window.context else 0
        return Reading(tokenizer, text_tokens(tokenizer, tokens, window.samples), window.samples, known)

    def _again(self, window: Window, temperature: float, language: str, found: Mapping[str, float]) -> Hypothesis:
        """Without what was said before; then once more with a little chance, the same chance every time, and where
        nobody knows the language in the next likeliest."""
        if window.context:
            return self._decode_batch([window.alone()])[0]
        if temperature:
            return UNCLEAR
        ctranslate2.set_random_seed(1)
        other = likeliest({name: chance for name, chance in found.items() if name != language}, window.leaning)
        asked = msgspec.structs.replace(window, language=other) if other else window
        [heard] = self._decode_batch([asked], RETRY_TEMPERATURE)
        return msgspec.structs.replace(heard, languages=dict(found))

    # ── What the model is given ─────────────────────────────────────────────────────────────────────────────────────

    def _features(self, windows: Sequence[Window]) -> NDArray[np.float32]:
        silence = FINAL_SILENCE if windows[0].final else PARTIAL_SILENCE
        shortest = FINAL_SHORTEST if windows[0].final else 0
        length = max(shortest, silence + max(min(window.samples, LONGEST) for window in windows))
        padded = np.zeros((len(windows), length), np.float32)
        for row, window in zip(padded, windows, strict=True):
            audio = clean(window.pcm)
            row[: len(audio)] = audio
        extract = self._whisper.feature_extractor
        return np.stack([extract(row, padding=0, chunk_length=None) for row in padded]).astype(np.float32)

    def _prompt(self, window: Window, tokenizer: Tokenizer) -> list[int]:
        sequence = list(tokenizer.sot_sequence)
        if window.vocabulary:
            terms = tokenizer.encode(" " + ", ".join(window.vocabulary))[:MAX_PROMPT]
            sequence = [tokenizer.sot_prev, *terms, *sequence]
        start = tokenizer.timestamp_begin
        if window.context:
            end = start + window.context_samples * 50 // SAMPLE_RATE
            sequence += [start, *tokenizer.encode(" " + window.context), end]
            start = end
        if window.context or window.prefix:
            sequence.append(start)
        if window.prefix:
            sequence += tokenizer.encode(" " + window.prefix)
        return sequence

    def _languages(
        self, windows: Sequence[Window], encoded: Any, listened: Tensors | None
    ) -> list[tuple[str, dict[str, float]]]:
        """For each window its language, and how probable each was where it was to be found."""
        if not self._model.is_multilingual:
            return [("en", {})] * len(windows)
        given = [window.language.split("-")[0].lower() for window in windows]
        given = [language if language in self._whisper.supported_languages else "" for language in given]
        if all(given):
            return [(language, {}) for language in given]
        languages = []
        for window, known, all_found in zip(windows, given, self._language_chances(encoded, listened), strict=True):
            found = {name: probability for name, probability in all_found.items() if probability >= LEAST}
            languages.append((known, {}) if known else (likeliest(found, window.leaning), found))
        return languages

    def _language_chances(self, encoded: Any, listened: Tensors | None) -> list[dict[str, float]]:
        if self._search and listened:
            names, ids = zip(*self._language_ids.items(), strict=True)
            return [dict(zip(names, map(float, self._search.chances(listened, ids)), strict=True))]
        return [{token[2:-2]: chance for token, chance in found} for found in self._model.detect_language(encoded)]

    @cached_property
    def _language_ids(self) -> dict[str, int]:
        names = {
            name: self._whisper.hf_tokenizer.token_to_id(f"<|{name}|>") for name in self._whisper.supported_languages
        }
        return {name: number for name, number in names.items() if number is not None}

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            multilingual = self._model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _generate(
        self,
        windows: Sequence[Window],
        encoded: Any,
        languages: Sequence[tuple[str, dict[str, float]]],
        temperature: float,
    ) -> list[Read]:
        """With CTranslate2: on a GPU, and where a little chance is asked for."""
        prompts = [
            self._prompt(window, self._tokenizer(language))
            for window, (language, _) in zip(windows, languages, strict=True)
        ]
        most = max(
            self._most_tokens(window, language) for window, (language, _) in zip(windows, languages, strict=True)
        )
        found = self._model.generate(
            encoded,
            prompts,
            beam_size=BEAM if windows[0].final and not temperature else 1,
            sampling_topk=1 if temperature == 0.0 else 0,
            sampling_temperature=temperature or 1.0,
            max_length=min(2 * (len(prompts[0]) + most), self._whisper.max_length),
            suppress_blank=True,
            suppress_tokens=[-1],
            max_initial_timestamp_index=50,
            return_no_speech_prob=True,
        )
        reads = []
        for prompt, result in zip(prompts, found, strict=True):
            [tokens] = result.sequences_ids
            given = len(prompt) - prompt.index(self._tokenizer("en").sot) - len(self._tokenizer("en").sot_sequence)
            reads.append(Read(tokens, result.no_speech_prob, cut=len(tokens) - given >= most))
        return reads

    def _most_tokens(self, window: Window, language: str) -> int:
        """After the prompt. Where audio was decoded before, not much more than its words: small models go on with an
        echo, which costs time although it is cut."""
        if window.heard_samples <= window.context_samples:
            return round(TOKENS_A_SECOND * window.fresh_samples / SAMPLE_RATE) + 8
        more = TOKENS_A_SECOND * (window.samples - window.heard_samples) / SAMPLE_RATE
        return len(self._tokenizer(language).encode(window.guess)) + round(more) + 4


def clean(pcm: bytes) -> NDArray[np.float32]:
    """Samples from -1 to 1 without a constant offset, at most as long as the model can hear."""
    audio = np.frombuffer(pcm, "<i2").astype(np.float32)[:LONGEST] / 32768.0
    return audio - audio.mean() if len(audio) else audio


def is_doubtful(window: Window, text: str) -> bool:
    """Whether another try may hear something better."""
    return is_loop(text) or bool(window.context and (not text or is_ghost(text)))


def is_guessed(window: Window, language: str, found: Mapping[str, float]) -> bool:
    """Whether the first words of a speaker may as well be in another language."""
    return bool(found) and chances(found, window.leaning)[language] < CLEAR_LANGUAGE


def mean_logprob(words: Sequence[SpokenWord]) -> float:
    return sum(log(max(word.confidence, 1e-3)) for word in words) / max(1, len(words))


def after(word: SpokenWord, samples: int) -> SpokenWord:
    """The word's place, counted from `samples`."""
    return SpokenWord(word.text, max(0, word.start - samples), max(0, word.end - samples), word.confidence)
