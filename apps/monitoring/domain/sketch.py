"""A quantile sketch that merges, for latencies: any percentile of any window, from its minutes' sketches.

DDSketch: Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees",
PVLDB 12(12), 2019. Values fall into buckets whose bounds grow by a constant factor.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .values import exact_sum

ACCURACY: Final = 0.01  # a quantile is off by at most 1 % of the true value
MAX_BUCKETS: Final = 2_048  # per sign; the largest bound is 6e17 times the smallest, beyond that see _fitted
TINY: Final = 1e-12  # values nearer to zero count as zero

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)  # each bucket's upper bound over its lower one
_LOG_GAMMA = math.log(_GAMMA)
_LOG_MIDDLE = math.log(2 / (1 + _GAMMA))  # from a bucket's upper bound to the value it is read as

Buckets = tuple[tuple[int, int], ...]  # index and how many, by index; an index holds (gamma^(index-1), gamma^index]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """Made by sketch_of, merged and decode: equal ones hold the same values, as far as buckets tell."""

    positive: Buckets = ()
    negative: Buckets = ()  # by the size of the value, without its sign
    zeros: int = 0
    minimum: float = math.inf  # exact, as are the next two; these stand for "no value"
    maximum: float = -math.inf
    total: float = 0.0  # up to the rounding of a sum

    @property
    def count(self) -> int:
        return self.zeros + _count(self.positive) + _count(self.negative)

    def quantile(self, q: float) -> float | None:
        """The value below which a share q of all lies: of n values, the one at place floor(q * (n - 1)) in order.

        Off by at most ACCURACY of its size. None of no values. Raises ValueError unless 0 <= q <= 1.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
        count = self.count
        if not count:
            return None
        rank = math.floor(q * (count - 1))
        if rank in (0, count - 1):
            return self.minimum if rank == 0 else self.maximum
        return min(max(self._at(rank), self.minimum), self.maximum)

    def _at(self, rank: int) -> float:
        for index, many in reversed(self.negative):
            if rank < many:
                return -_middle(index)
            rank -= many
        if rank < self.zeros:
            return 0.0
        rank -= self.zeros
        for index, many in self.positive:
            if rank < many:
                return _middle(index)
            rank -= many
        return self.maximum


EMPTY: Final = Sketch()


def sketch_of(values: Iterable[float]) -> Sketch:
    """Of finite values, in any order. Raises ValueError for others."""
    values = tuple(values)
    if not values:
        return EMPTY
    if not all(map(math.isfinite, values)):
        raise ValueError("a sketch holds finite values")
    return Sketch(
        positive=_fitted(Counter(_index(value) for value in values if value >= TINY)),
        negative=_fitted(Counter(_index(-value) for value in values if value <= -TINY)),
        zeros=sum(-TINY < value < TINY for value in values),
        minimum=min(values),
        maximum=max(values),
        total=exact_sum(values),
    )


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """The sketch of all their values together: in any order, in any grouping, the same."""
    sketches = tuple(sketches)
    positive: Counter[int] = Counter()
    negative: Counter[int] = Counter()
    for each in sketches:
        _add(positive, each.positive)
        _add(negative, each.negative)
    return Sketch(
        positive=_fitted(positive),
        negative=_fitted(negative),
        zeros=sum(each.zeros for each in sketches),
        minimum=min((each.minimum for each in sketches), default=math.inf),
        maximum=max((each.maximum for each in sketches), default=-math.inf),
        total=exact_sum(each.total for each in sketches),
    )


def _index(value: float) -> int:
    return math.ceil(math.log(value) / _LOG_GAMMA)


def _middle(index: int) -> float:
    """What a bucket is read as: equally far, in relation, from both of its bounds."""
    exponent = index * _LOG_GAMMA + _LOG_MIDDLE
    return math.exp(exponent) if exponent < _LARGEST else math.inf  # the caller cuts it to the maximum


_LARGEST = 709.0  # exp of more overflows


def _fitted(counts: Mapping[int, int]) -> Buckets:
    """At most MAX_BUCKETS, the highest; what lies lower joins the lowest of them.

    Only the highest index decides, which is why merging keeps its order-free result. The upper percentiles stay
    right; values more than 6e17 times smaller than the largest are told too large.
    """
    if not counts:
        return ()
    lowest = max(counts) - MAX_BUCKETS + 1
    if min(counts) >= lowest:
        return tuple(sorted(counts.items()))
    kept = Counter({index: many for index, many in counts.items() if index >= lowest})
    kept[lowest] += sum(many for index, many in counts.items() if index < lowest)
    return tuple(sorted(kept.items()))


def _add(counts: Counter[int], buckets: Buckets) -> None:
    for index, many in buckets:
        counts[index] += many


def _count(buckets: Buckets) -> int:
    return sum(many for _, many in buckets)
