"""pyannote's last step without its largest array: who of all speakers is heard in each frame of each ten seconds.

Of three hours that array takes 25 MB for each speaker; its rows are needed one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOBODY = -2  # pyannote's number for a voice that is nowhere heard


def spare(pipeline: Any) -> None:
    """Have the pipeline make those rows as they are needed."""

    def reconstruct(segmentations: Any, hard_clusters: NDArray[np.intp], count: Any) -> Any:
        return pipeline.to_diarization(Rows(segmentations, hard_clusters), count)

    pipeline.reconstruct = reconstruct


@dataclass(frozen=True, slots=True)
class Rows:
    """What pyannote's sum over all chunks asks of (chunks, frames, speakers); NaN where a speaker is in no chunk.

    `segmentations` are (chunks, frames, voices), `clusters` (chunks, voices) whose voice each is.
    """

    segmentations: Any
    clusters: NDArray[np.intp]

    @property
    def sliding_window(self) -> Any:
        return self.segmentations.sliding_window

    @property
    def data(self) -> Any:
        chunks, frames, _ = self.segmentations.data.shape
        return SimpleNamespace(shape=(chunks, frames, int(self.clusters.max()) + 1))

    def __iter__(self) -> Iterator[tuple[Any, NDArray[np.floating[Any]]]]:
        speakers = int(self.clusters.max()) + 1
        for (chunk, voices), whose in zip(self.segmentations, self.clusters, strict=True):
            row = np.full((len(voices), speakers), np.nan)
            for speaker in set(whose.tolist()) - {NOBODY}:
                row[:, speaker] = voices[:, whose == speaker].max(axis=1)
            yield chunk, row
