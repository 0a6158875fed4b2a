"""Real voices told apart by the real pipeline, in the child process that the media worker starts."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.speech import Samples, confused_share, four_people, telephone_call
from transcription.diarization.bundle import find_bundle

ROOT = Path(__file__).parents[2]
INSTALLED = importlib.util.find_spec("pyannote") is not None and find_bundle() is not None
needs_extra = pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")


def diarized(samples: Samples, *arguments: str, **settings: str) -> list[dict[str, Any]]:
    """What the child says, line by line."""
    pcm = (samples * 32_767).astype("<i2").tobytes()
    command = [sys.executable, "-m", "transcription.diarization", *arguments]
    environment = {**os.environ, "HF_TOKEN": "", "DIARIZATION_MODEL": "", **settings}
    done = subprocess.run(command, input=pcm, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=240)
    return [json.loads(line) for line in done.stdout.splitlines()]


@needs_extra
def test_the_two_people_of_a_telephone_call_are_told_apart() -> None:
    samples, turns = telephone_call()
    said = diarized(samples)
    shares = [line["share"] for line in said[:-1]]
    assert shares == sorted(shares)
    found = said[-1]["turns"]
    assert {speaker for _, _, speaker in found} == {0, 1}
    assert confused_share(found, turns) < 0.1


@needs_extra
def test_four_people_at_one_microphone_are_told_apart() -> None:
    samples, spans = four_people()
    found = diarized(samples, "4", "4")[-1]["turns"]
    assert {speaker for _, _, speaker in found} == {0, 1, 2, 3}
    assert confused_share(found, spans) < 0.15


@needs_extra
def test_a_wanted_number_of_speakers_is_kept_to() -> None:
    samples, _ = telephone_call()
    assert {speaker for _, _, speaker in diarized(samples, "1", "1")[-1]["turns"]} == {0}


@needs_extra
@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0, 30.0])
def test_audio_without_a_voice_has_no_speakers(seconds: float) -> None:
    assert diarized(np.zeros(int(seconds * 16_000), np.float32))[-1]["turns"] == []


def test_without_the_models_it_says_so(tmp_path: Path) -> None:
    said = diarized(np.zeros(16_000, np.float32), MODEL_DIR=str(tmp_path))
    assert said[-1]["unable"] in {"models", "extra"}


@needs_extra
def test_a_hub_that_cannot_be_reached_leaves_the_bundle(tmp_path: Path) -> None:
    said = diarized(np.zeros(16_000, np.float32), HF_TOKEN="x", HF_ENDPOINT="http://127.0.0.1:9")
    assert said[-1]["turns"] == []


@needs_extra
def test_a_pipeline_that_is_not_there_is_said_and_not_replaced(tmp_path: Path) -> None:
    said = diarized(np.zeros(16_000, np.float32), DIARIZATION_MODEL=str(tmp_path))
    assert said[-1] == {"unable": "models"}
