"""Hours of voices are linked in bounded memory: some of them, from all over the recording."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from transcription.diarization.choosing import bound, evenly

INSTALLED = importlib.util.find_spec("pyannote") is not None


@pytest.mark.parametrize(
    ("count", "most", "chosen"), [(0, 4, []), (3, 4, [0, 1, 2]), (4, 4, [0, 1, 2, 3]), (10, 4, [0, 2, 5, 7])]
)
def test_few_are_all_and_many_are_thinned_evenly(count: int, most: int, chosen: list[int]) -> None:
    assert evenly(count, most).tolist() == chosen


def test_what_belongs_together_stays_together() -> None:
    voices = (np.arange(10.0)[:, None], np.arange(10) * 2, np.arange(10) % 3)
    clustering = SimpleNamespace(filter_embeddings=lambda embeddings, segmentations: voices)
    bound(clustering, 5)
    embeddings, chunks, speakers = clustering.filter_embeddings(None, segmentations=None)
    assert embeddings[:, 0].tolist() == [0, 2, 4, 6, 8]
    assert chunks.tolist() == [0, 4, 8, 12, 16]
    assert speakers.tolist() == [0, 2, 1, 0, 2]


@pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: make install-diarization")
def test_every_voice_goes_to_the_nearest_of_those_that_were_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyannote.audio.pipelines import clustering as pyannote
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    linked: list[int] = []
    link = pyannote.linkage

    def counted(voices: np.ndarray, **how: object) -> object:
        linked.append(len(voices))
        return link(voices, **how)

    monkeypatch.setattr(pyannote, "linkage", counted)
    people = np.random.default_rng(1).normal(size=(3, 32))
    truth = np.arange(600) % 3
    voices = people[truth] + np.random.default_rng(2).normal(scale=0.05, size=(600, 32))
    clustering = pyannote.AgglomerativeClustering(metric="cosine")
    clustering.instantiate({"method": "average", "threshold": 0.55, "min_cluster_size": 4})
    bound(clustering, 100)
    spoken = SlidingWindowFeature(np.ones((600, 50, 1)), SlidingWindow())
    found, *_ = clustering(voices[:, None], segmentations=spoken, min_clusters=1, max_clusters=20)
    assert linked == [100]
    assert len({(person, cluster) for person, cluster in zip(truth, found[:, 0], strict=True)}) == 3
