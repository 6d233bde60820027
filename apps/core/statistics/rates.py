"""Two rates of rare events, compared exactly, once. For looking again and again see sequential."""

from dataclasses import dataclass

from .distributions import binomial_tail
from .intervals import Interval
from .proportions import clopper_pearson


@dataclass(frozen=True, slots=True)
class Events:
    """How often something happened, and how often it could have: errors and requests, or events and hours."""

    count: int
    exposure: float  # above 0, in the same unit on both sides

    def __post_init__(self) -> None:
        if self.count < 0 or self.exposure <= 0:
            raise ValueError(f"{self.count} events in {self.exposure} cannot be")

    @property
    def rate(self) -> float:
        return self.count / self.exposure


def share_of(new: Events, base: Events, ratio: float = 1.0) -> float:
    """Of all events the share that falls to `new` if its rate is `ratio` times the other."""
    return ratio * new.exposure / (ratio * new.exposure + base.exposure)


def p_higher(new: Events, base: Events, ratio: float = 1.0) -> float:
    """How likely so many of all events, or more, fall to `new` if its rate is at most `ratio` times the other.

    Given their total, the events of one side are binomial: Przyborowski and Wilenski, Biometrika 31, 1940. For events
    that are few among many requests; where many requests fail, it is a little too careful.
    """
    return binomial_tail(new.count, new.count + base.count, share_of(new, base, ratio))


def p_either(new: Events, base: Events) -> float:
    """Two-sided: twice the smaller tail."""
    return min(1.0, 2 * min(p_higher(new, base), p_higher(base, new)))


def rate_ratio_interval(new: Events, base: Events, level: float) -> Interval:
    """Of new rate / base rate: Clopper and Pearson's interval of the share, turned into a ratio."""
    total = new.count + base.count
    if total == 0:
        return Interval(0.0, float("inf"))
    share = clopper_pearson(new.count, total, level)
    scale = base.exposure / new.exposure
    return Interval(_odds(share.low) * scale, _odds(share.high) * scale)


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")
