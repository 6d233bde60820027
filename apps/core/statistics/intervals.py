"""An interval of what is plausible. Units are those of whatever it is about."""

import math
from typing import NamedTuple


class Interval(NamedTuple):
    low: float
    high: float  # may be infinite

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def exponential(self) -> "Interval":
        """Of ratios, from one of their logarithms."""
        return Interval(math.exp(self.low), math.exp(self.high))


def require_level(level: float) -> None:
    """Levels are errors allowed, as in 0.05, never confidence."""
    if not 0 < level < 1:
        raise ValueError(f"a level is between 0 and 1, not {level}")
