"""pyannote's speaker diarization over a file of samples that is never wholly in memory."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")  # nothing is told to anybody
# torch keeps a compiled kernel for each length of audio it meets, 1,024 of them: half a gigabyte, and nothing faster.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")

import torch
from pyannote.audio import Audio, Inference, Model, Pipeline
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from torch import Tensor

from transcription.diarization.bundle import Bundle
from transcription.diarization.choosing import bound
from transcription.diarization.embedding import VoiceEmbedding
from transcription.diarization.reconstructing import spare
from transcription.diarization.turns import MAX_SPEAKERS, Heard, SpeakerCount, Turn, by_first_word, first_heard

SAMPLE_RATE = 16_000
FULL_SCALE = 32_768
Progress = Callable[[float], None]  # 0 to 1

# Found on meetings and conversations: docs/decisions/0018-who-spoke.md.
STEP = 0.2  # of the ten seconds the segmentation hears at once
PARAMETERS = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "average", "threshold": 0.55, "min_cluster_size": 4},
}
SEGMENTATION_SHARE = 0.15  # of the whole work
BATCH = 4  # of the segmentation's ten seconds; on a CPU, sixteen take 160 MB more and no less time


class BundledDiarization(SpeakerDiarization):  # pyannote's own constructor fetches its models from the hub
    """pyannote's pipeline with the models of the bundle."""

    def __init__(self, bundle: Bundle) -> None:
        Pipeline.__init__(self)
        model = Model.from_pretrained(bundle.segmentation)
        duration = model.specifications.duration
        self.legacy = False
        self.training = False
        self.segmentation_step = STEP
        self._segmentation = Inference(
            model, duration=duration, step=STEP * duration, skip_aggregation=True, batch_size=BATCH
        )
        self._embedding = VoiceEmbedding(bundle.embedding)
        self._audio = Audio(sample_rate=SAMPLE_RATE, mono="downmix")
        self.embedding_batch_size = BATCH
        self.embedding_exclude_overlap = True
        self.klustering = "AgglomerativeClustering"
        self.clustering = AgglomerativeClustering(metric=self._embedding.metric)
        self._expects_num_speakers = False
        self.segmentation = _parameters_of_segmentation()
        self.instantiate(PARAMETERS)


def _parameters_of_segmentation() -> Any:
    from pyannote.pipeline.parameter import ParamDict, Uniform

    return ParamDict(min_duration_off=Uniform(0.0, 1.0))


class Diarizer:
    """A loaded pipeline of pyannote, whichever it is. Voices can be compared where `model` is the same."""

    def __init__(self, pipeline: Any, model: str) -> None:
        self.model = model
        self._pipeline = pipeline
        if torch.cuda.is_available():
            pipeline.to(torch.device("cuda"))
        bound(pipeline.clustering)
        spare(pipeline)
        pipeline._audio = _Samples(sample_rate=SAMPLE_RATE, mono="downmix")
        pipeline._segmentation.model.register_forward_pre_hook(lambda _model, inputs: (_as_float(inputs[0]),))

    def hear(self, pcm: NDArray[np.int16], count: SpeakerCount, progress: Progress) -> Heard:
        """Who speaks in PCM16 at 16 kHz, which may be mapped from a file."""
        file = {"waveform": torch.from_numpy(pcm)[None], "sample_rate": SAMPLE_RATE}
        output = self._pipeline(
            file, min_speakers=count.at_least or 1, max_speakers=count.at_most or MAX_SPEAKERS, hook=_hook(progress)
        )
        annotation = getattr(output, "speaker_diarization", output)
        numbers = {label: number for number, label in enumerate(annotation.labels())}
        found = [
            Turn(round(span.start * 1_000), round(span.end * 1_000), numbers[label])
            for span, _, label in annotation.itertracks(yield_label=True)
        ]
        turns = [turn for turn in found if turn.end_ms > turn.start_ms]
        vectors = getattr(output, "speaker_embeddings", None)
        voices = [] if vectors is None else [_voice(vectors[speaker]) for speaker in first_heard(turns)]
        return Heard(by_first_word(turns), voices)


def _voice(vector: NDArray[np.floating[Any]]) -> list[float]:
    length = float(np.linalg.norm(vector))
    return [round(float(part) / length, 5) if length > 0 else 0.0 for part in vector]  # NaN is not above 0


class _Samples(Audio):
    """Cuts 16-bit samples and turns only what was cut into floats."""

    def crop(self, file: Any, segment: Any, mode: str = "raise") -> tuple[Tensor, int]:
        waveform, rate = super().crop(file, segment, mode=mode)
        return _as_float(waveform), rate


def _as_float(samples: Tensor) -> Tensor:
    return samples if samples.is_floating_point() else samples.float() / FULL_SCALE


def _hook(progress: Progress) -> Callable[..., None]:
    """pyannote reports each step's own share."""
    begins = {"segmentation": 0.0, "embeddings": SEGMENTATION_SHARE}
    lasts = {"segmentation": SEGMENTATION_SHARE, "embeddings": 0.95 - SEGMENTATION_SHARE}

    def hook(step: str, _artefact: Any, completed: int = 0, total: int = 0, **_: Any) -> None:
        if step in begins and total:
            progress(begins[step] + lasts[step] * min(1.0, completed / total))

    return hook


def load(model: str | Bundle, token: str | None) -> Diarizer:
    """`model`: the bundle, a folder with pyannote's config.yaml, or the name of a pipeline on the hub."""
    if isinstance(model, Bundle):
        return Diarizer(BundledDiarization(model), model.embedding.stem)
    pipeline = Pipeline.from_pretrained(Path(model) if Path(model).is_dir() else model, token=token)
    if pipeline is None:
        raise OSError(f"the pipeline {model} could not be loaded")
    return Diarizer(pipeline, model)
