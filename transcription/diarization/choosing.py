"""How many of the voices heard in ten seconds each are compared with each other: linking n of them takes 8·n² bytes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LINKED = 4_000  # 128 MB; of three hours there are eight to ten thousand


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """At most so many of the numbers below `count`, spread over all of them."""
    return np.arange(min(count, most)) * count // max(1, min(count, most))


def bound(clustering: Any, most: int = MOST_LINKED) -> None:
    """Have pyannote's clustering link at most so many voices; it gives all of them to the nearest of what it found."""
    all_of = clustering.filter_embeddings

    def filter_embeddings(*args: Any, **settings: Any) -> tuple[NDArray[Any], ...]:
        embeddings, chunks, speakers = all_of(*args, **settings)
        chosen = evenly(len(embeddings), most)
        return embeddings[chosen], chunks[chosen], speakers[chosen]

    clustering.filter_embeddings = filter_embeddings
