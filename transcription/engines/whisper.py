"""Whisper on CTranslate2, decoding only the audio there is.

faster-whisper's `transcribe` always encodes 30 s. Here the model under it gets the features of the window and one
second of digital silence, which costs a tenth. Without that silence, or without timestamp tokens, small models say the
sentence twice; where they still do, a timestamp beyond the audio gives it away and the text is cut there.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from transcription.captions import SAMPLE_RATE
from transcription.engines.base import EngineSettings, Hypothesis, SpokenWord, Window
from transcription.engines.whisper_text import cut_repetition, is_invented, join_words
from transcription.models import resolve_model

SILENCE = np.zeros(SAMPLE_RATE, np.float32)
TOKEN_SAMPLES = SAMPLE_RATE // 50  # of one timestamp step
BEAM = 5
LONGEST = 30 * SAMPLE_RATE - len(SILENCE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text tokens, and what the gates want to know."""

    tokens: list[int]
    logprob: float
    no_speech: float


class WhisperEngine:
    """Any CTranslate2 Whisper model; `device` and `compute_type` "auto" take a GPU where there is one."""

    def __init__(self, settings: EngineSettings) -> None:
        device = settings.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        compute = settings.compute_type
        if compute == "auto":
            compute = "float16" if device == "cuda" else "int8"
        threads = settings.threads or os.cpu_count() or 1
        path = resolve_model(settings.model)
        self._whisper = WhisperModel(str(path), device=device, compute_type=compute, cpu_threads=threads)
        self._model = self._whisper.model
        self._tokenizers: dict[str, Tokenizer] = {}
        self.description = f"{settings.model}, {device}, {compute}"
        self.batch_size = 16 if device == "cuda" else 1

    def warm_up(self) -> None:
        noise = np.random.default_rng(0).integers(-500, 500, SAMPLE_RATE, np.int16).tobytes()
        self.decode([Window(noise, final=True, language="en"), Window(noise, final=False, language="en")])

    def decode(self, windows: Sequence[Window]) -> list[Hypothesis]:
        return [self._decode(window) for window in windows]

    def _decode(self, window: Window) -> Hypothesis:
        audio = clean(window.pcm)
        features = self._whisper.feature_extractor(np.concatenate([audio, SILENCE]), padding=0, chunk_length=None)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features[None])))
        language, probability = self._language(window, encoded)
        tokenizer = self._tokenizer(language)
        decoded = self._generate(window, encoded, tokenizer, len(audio))
        if window.final and is_invented(tokenizer.decode(decoded.tokens), decoded.logprob, decoded.no_speech):
            return Hypothesis((), language, probability)
        if not window.final:
            words = tuple(SpokenWord(text) for text in join_words(tokenizer, decoded.tokens))
            return Hypothesis(words, language, probability)
        words = self._align(encoded, tokenizer, decoded.tokens, features.shape[1])
        return Hypothesis(words, language, probability)

    def _language(self, window: Window, encoded: Any) -> tuple[str, float]:
        if not self._model.is_multilingual:
            return "en", 1.0
        language = window.language.split("-")[0].lower()
        if language in self._whisper.supported_languages:
            return language, 1.0
        token, probability = self._model.detect_language(encoded)[0][0]
        return token[2:-2], probability

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            multilingual = self._model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _generate(self, window: Window, encoded: Any, tokenizer: Tokenizer, samples: int) -> Decoded:
        prompt = self._prompt(window, tokenizer)
        sought = round(samples / SAMPLE_RATE * 8) + 8
        prefix = [tokenizer.timestamp_begin, *tokenizer.encode(" " + window.prefix)] if window.prefix else []
        result = self._model.generate(
            encoded,
            [[*prompt, *prefix]],
            beam_size=BEAM if window.final else 1,
            max_length=min(len(prompt) + len(prefix) + sought, self._whisper.max_length),
            suppress_blank=True,
            suppress_tokens=[-1],
            max_initial_timestamp_index=50,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = text_within(result.sequences_ids[0], tokenizer, samples)
        return Decoded(cut_repetition(tokens), result.scores[0], result.no_speech_prob)

    def _prompt(self, window: Window, tokenizer: Tokenizer) -> list[int]:
        if not (window.final and window.vocabulary):
            return list(tokenizer.sot_sequence)
        hotwords = tokenizer.encode(" " + ", ".join(window.vocabulary))[: self._whisper.max_length // 4]
        return [tokenizer.sot_prev, *hotwords, *tokenizer.sot_sequence]

    def _align(self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], frames: int) -> tuple[SpokenWord, ...]:
        if not tokens:
            return ()
        aligned = self._model.align(encoded, tokenizer.sot_sequence, [tokens], frames, median_filter_width=7)[0]
        words, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
        texts = np.array([pair[0] for pair in aligned.alignments])
        times = np.array([pair[1] for pair in aligned.alignments]) * TOKEN_SAMPLES
        starts = times[np.r_[True, np.diff(texts) > 0]]
        edges = np.r_[0, np.cumsum([len(group) for group in groups[:-1]])]
        edges = np.minimum(edges, len(starts) - 1)
        chances = aligned.text_token_probs
        spoken: list[SpokenWord] = []
        for index, text in enumerate(words[:-1]):
            first, last = edges[index], edges[index + 1]
            sure = float(np.mean(chances[first : max(last, first + 1)])) if first < len(chances) else 0.0
            word = SpokenWord(text.strip(), int(starts[first]), int(starts[last]), round(sure, 3))
            if spoken and not text.startswith(" ") and tokenizer.language_code not in {"zh", "ja", "th", "lo", "my"}:
                word = SpokenWord(spoken[-1].text + word.text, spoken[-1].start, word.end, spoken[-1].confidence)
                spoken.pop()
            if word.text:
                spoken.append(word)
        return tuple(spoken)


def clean(pcm: bytes) -> NDArray[np.float32]:
    """Samples from -1 to 1 without a constant offset, at most as long as the model can hear."""
    audio = np.frombuffer(pcm, "<i2").astype(np.float32)[:LONGEST] / 32768.0
    return audio - audio.mean() if len(audio) else audio


def text_within(tokens: Sequence[int], tokenizer: Tokenizer, samples: int) -> list[int]:
    """The text tokens before the first segment that starts beyond the audio."""
    kept: list[int] = []
    for token in tokens:
        if token >= tokenizer.timestamp_begin:
            if (token - tokenizer.timestamp_begin) * TOKEN_SAMPLES > samples and kept:
                break
        elif token < tokenizer.eot:
            kept.append(token)
    return kept
