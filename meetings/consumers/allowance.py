"""How much a connection may send: a burst, and then so much a second."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """A token bucket; the unit is its owner's (seconds of audio, messages)."""

    burst: float
    per_second: float
    left: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, amount: float) -> bool:
        """Whether so much is left; then it is taken."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < amount:
            return False
        self.left -= amount
        return True
