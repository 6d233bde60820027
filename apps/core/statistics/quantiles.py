"""Quantiles of samples, intervals of them and of their ratio, and whether the slowest come from one side."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from .distributions import binomial_tail, hypergeometric_tail
from .intervals import Interval, require_level


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of a sorted sample does not exceed: one that was seen (nearest rank)."""
    return ordered[max(math.ceil(share * len(ordered) - 1e-9), 1) - 1]


def quantile_interval(ordered: Sequence[float], share: float, level: float) -> Interval:
    """Of the population's quantile: two values of the sorted sample, either missing it in at most `level` of cases.

    Exact for any continuous distribution: Hahn and Meeker, Statistical Intervals, 1991, section 5.2. An end for which
    the sample is too small is infinite.
    """
    lower, upper = quantile_ranks(len(ordered), share, level)
    low = ordered[lower - 1] if lower >= 1 else -math.inf
    return Interval(low, ordered[upper - 1] if upper <= len(ordered) else math.inf)


@lru_cache(maxsize=4_096)
def quantile_ranks(count: int, share: float, level: float) -> tuple[int, int]:
    """Ranks of these values, from 1. 0 or count + 1 where there is none."""
    require_level(level)
    lower = _most(count, lambda rank: 1 - binomial_tail(rank, count, share) <= level)
    upper = _most(count, lambda rank: binomial_tail(rank, count, share) > level) + 1
    return lower, upper


def _most(count: int, holds: Callable[[int], bool]) -> int:
    """The largest rank from 1 to count for which it holds, if it holds for 1, 2, ... up to it; 0: for none."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def quantile_ratio(new: Sequence[float], base: Sequence[float], share: float, level: float) -> tuple[float, Interval]:
    """The quantile of one sorted sample over that of another, and an interval missing it in about `level` on each side.

    Values above 0. Both intervals joined on the logarithmic scale, as for two estimates that err independently: the
    method of variance estimates recovery, Zou and Donner, Statistics in Medicine 27, 2008.
    """
    ours, theirs = _log_interval(new, share, level), _log_interval(base, share, level)
    one, other = math.log(quantile(new, share)), math.log(quantile(base, share))
    ratio = one - other
    low = ratio - math.hypot(one - ours.low, theirs.high - other)
    high = ratio + math.hypot(ours.high - one, other - theirs.low)
    return math.exp(ratio), Interval(low, high).exponential


def _log_interval(ordered: Sequence[float], share: float, level: float) -> Interval:
    if ordered[0] <= 0:
        raise ValueError("a ratio needs values above 0")
    low, high = quantile_interval(ordered, share, level)
    return Interval(math.log(low) if low > 0 else -math.inf, math.log(high))


def top_test(new: Sequence[float], base: Sequence[float], share: float) -> float:
    """How likely so many of the highest `share` of all values come from `new`, or more, if nothing differs.

    Exact, also with ties, and for samples too small for quantiles: the quantile test, Johnson, Verrill and Moore,
    Biometrics 43, 1987.
    """
    together = sorted([*new, *base], reverse=True)
    top = max(int(share * len(together)), 1)
    limit = together[top - 1]
    ours, all_of_it = sum(value >= limit for value in new), sum(value >= limit for value in together)
    return hypergeometric_tail(ours, len(new), all_of_it, len(together))
