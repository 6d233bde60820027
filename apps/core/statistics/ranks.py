"""Two samples compared by ranks: is one shifted, and by how much. Nothing is assumed of their distribution."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .distributions import normal_quantile, normal_tail
from .intervals import Interval, require_level

_TURNS = 100
_MARGIN = 1e-9  # of the values: more than their sums and differences are rounded by


@dataclass(frozen=True, slots=True)
class RankTest:
    u: float  # pairs in which the new one is higher, ties count half
    pairs: int
    p_higher: float
    p_lower: float

    @property
    def p_either(self) -> float:
        return min(1.0, 2 * min(self.p_higher, self.p_lower))

    @property
    def superiority(self) -> float:
        """How likely a new value is above a base value, ties counted half: 0.5 where they are alike."""
        return self.u / self.pairs


def mann_whitney(new: Sequence[float], base: Sequence[float]) -> RankTest:
    """By the normal approximation with corrections for ties and continuity; good from about 8 values on each side.

    Mann and Whitney, Ann. Math. Stat. 18, 1947; ties: Lehmann, Nonparametrics, 1975, section 1.4.
    """
    _require(new, base)
    ordered = sorted(base)
    u = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in new) / 2
    pairs = len(new) * len(base)
    spread = _spread(len(new), len(base), Counter([*new, *base]).values())
    if spread == 0:  # all values are one
        return RankTest(u, pairs, 1.0, 1.0)
    beyond = u - pairs / 2
    return RankTest(u, pairs, normal_tail((beyond - 0.5) / spread), normal_tail((-beyond - 0.5) / spread))


def hodges_lehmann(new: Sequence[float], base: Sequence[float], level: float) -> tuple[float, Interval]:
    """By how much new values are higher, and an interval that misses it in about `level` of cases, half on each side.

    The median of all pairwise differences, and two of them by order: Hodges and Lehmann, Ann. Math. Stat. 34, 1963;
    ranks as in Lehmann 1975, section 2.6, without the correction for ties, which could only shorten it.
    """
    _require(new, base)
    require_level(level)
    xs, ys = sorted(new), sorted(base)
    pairs = len(xs) * len(ys)
    middle = (_difference(xs, ys, (pairs + 1) // 2) + _difference(xs, ys, pairs // 2 + 1)) / 2
    rank = math.floor(pairs / 2 + 0.5 - normal_quantile(1 - level / 2) * _spread(len(xs), len(ys), ()))
    if rank < 1:  # too few to exclude anything
        return middle, Interval(-math.inf, math.inf)
    return middle, Interval(_difference(xs, ys, rank), _difference(xs, ys, pairs + 1 - rank))


def _spread(n: int, m: int, ties: Iterable[int]) -> float:
    """Standard deviation of U when nothing differs."""
    total = n + m
    tied = sum(t * t * t - t for t in ties) / (total * (total - 1))
    return math.sqrt(max(n * m / 12 * (total + 1 - tied), 0.0))


def _difference(xs: Sequence[float], ys: Sequence[float], rank: int) -> float:
    """The rank-th smallest x - y of sorted samples, without making them all."""
    margin = _MARGIN * sum(map(abs, (xs[0], xs[-1], ys[0], ys[-1]))) or _MARGIN
    low, high = xs[0] - ys[-1] - margin, xs[-1] - ys[0] + margin
    below, upto = 0, len(xs) * len(ys)  # how many differences are at most `low` and `high`
    for turn in range(_TURNS):
        if upto - below <= len(xs) + len(ys):
            break
        part = (rank - below - 0.5) / (upto - below) if turn % 2 == 0 else 0.5
        middle = low + (high - low) * part
        if not low < middle < high:  # all that are left are one value
            break
        count = sum(bisect_right(xs, y + middle) for y in ys)
        low, below, high, upto = (middle, count, high, upto) if count < rank else (low, below, middle, count)
    inside = _inside(xs, ys, low, high)
    return sorted(inside)[rank - below - 1] if upto - below <= len(xs) + len(ys) else next(inside)


def _inside(xs: Sequence[float], ys: Sequence[float], low: float, high: float) -> Iterator[float]:
    return (x - y for y in ys for x in xs[bisect_right(xs, y + low) : bisect_right(xs, y + high)])


def _require(new: Sequence[float], base: Sequence[float]) -> None:
    if not new or not base:
        raise ValueError("both samples need values")
