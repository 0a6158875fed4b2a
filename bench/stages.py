"""Where the time goes inside the recogniser, of all speakers together."""

from collections import defaultdict

import numpy as np

from transcription.latency import Source, Stage


class StageTimes:
    """Exact times of one run; `figures` begins the next."""

    def __init__(self) -> None:
        self._taken: defaultdict[Stage, list[float]] = defaultdict(list)

    def took(self, source: Source, stage: Stage, ms: float) -> None:
        self._taken[stage].append(ms)

    def batch(self, size: int) -> None: ...

    def partial_dropped(self) -> None: ...

    def figures(self) -> dict[str, float]:
        taken, self._taken = self._taken, defaultdict(list)
        return {
            f"{stage}_{name}_ms": round(float(np.percentile(times, share)), 1)
            for stage, times in sorted(taken.items())
            for name, share in (("p50", 50), ("p95", 95), ("max", 100))
        }
