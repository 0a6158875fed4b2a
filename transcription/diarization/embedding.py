"""A voice's vector from the moments in which it is heard alone."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchaudio.compliance import kaldi

from transcription.diarization.camplusplus import DIMENSION, MELS, CamPlusPlus

FULL_SCALE = 32_768  # the network heard samples as 16-bit numbers
LEAST_FRAMES = 25  # of 10 ms: a quarter of a second tells voices apart badly, less not at all


class VoiceEmbedding:
    """What pyannote's pipelines ask of an embedding model."""

    sample_rate = 16_000
    dimension = DIMENSION
    metric = "cosine"
    min_num_samples = 160 * LEAST_FRAMES

    def __init__(self, weights: Path) -> None:
        self.device = torch.device("cpu")
        self._network = CamPlusPlus()
        self._network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self._network.eval()
        self._mels_of: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "VoiceEmbedding":
        self._network.to(device)
        self.device = device
        return self

    def __call__(self, waveforms: Tensor, masks: Tensor | None = None) -> NDArray[np.float32]:
        """Vectors (batch, DIMENSION) of waveforms (batch, 1, samples) where masks (batch, frames) are over one half;
        NaN where too little is left."""
        found = np.full((len(waveforms), DIMENSION), np.nan, np.float32)
        for at, waveform in enumerate(waveforms):
            mels = self._mels(waveform)
            if masks is not None:
                frames = torch.arange(len(mels)) * masks.shape[1] // len(mels)
                mels = mels[masks[at][frames] > 0.5]
            if len(mels) >= LEAST_FRAMES:
                found[at] = self._embed(mels)
        return found

    def _mels(self, waveform: Tensor) -> Tensor:
        """Once for all the speakers of a stretch of audio."""
        if self._mels_of is None or not torch.equal(self._mels_of[0], waveform):
            mels = kaldi.fbank(waveform * FULL_SCALE, num_mel_bins=MELS, sample_frequency=self.sample_rate, dither=0.0)
            self._mels_of = (waveform, mels)
        return self._mels_of[1]

    def _embed(self, mels: Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            vector: NDArray[np.float32] = self._network((mels - mels.mean(0))[None].to(self.device))[0].cpu().numpy()
        return vector
