"""Who is heard when is put together row by row, with the same result as pyannote's own way."""

import importlib.util
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from transcription.diarization.reconstructing import NOBODY, Rows, spare

INSTALLED = importlib.util.find_spec("pyannote") is not None


class Chunks(SimpleNamespace):
    """Stands for pyannote's SlidingWindowFeature."""

    def __iter__(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        return iter(enumerate(self.data))


def test_a_row_has_every_speaker_of_the_whole_and_nothing_where_one_is_not_heard() -> None:
    voices = np.array([[[0.1, 0.9, 0.5], [0.2, 0.3, 0.4]], [[1.0, 0.0, 0.7], [0.0, 1.0, 0.7]]])
    rows = Rows(Chunks(data=voices), np.array([[0, 2, 2], [NOBODY, 1, NOBODY]]))
    assert rows.data.shape == (2, 2, 3)
    (first, one), (second, two) = rows
    assert (first, second) == (0, 1)
    np.testing.assert_array_equal(one, [[0.1, np.nan, 0.9], [0.2, np.nan, 0.4]])
    np.testing.assert_array_equal(two, [[np.nan, 0.0, np.nan], [np.nan, 1.0, np.nan]])


@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
def test_the_whole_is_what_pyannote_makes_of_it() -> None:
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    random = np.random.default_rng(1)
    segmentations = SlidingWindowFeature(random.random((40, 50, 3)), SlidingWindow(start=0, duration=5, step=1))
    clusters = random.integers(0, 6, (40, 3))
    clusters[random.random((40, 3)) < 0.3] = NOBODY
    frames = SlidingWindow(start=0, duration=0.1, step=0.1)
    count = SlidingWindowFeature(random.integers(0, 3, (441, 1)).astype(np.uint8), frames)
    theirs = SimpleNamespace(to_diarization=SpeakerDiarization.to_diarization)
    ours = SimpleNamespace(to_diarization=SpeakerDiarization.to_diarization)
    spare(ours)
    whole = SpeakerDiarization.reconstruct(theirs, segmentations, clusters, count)
    np.testing.assert_array_equal(ours.reconstruct(segmentations, clusters, count).data, whole.data)
    assert whole.data.sum() > 100
