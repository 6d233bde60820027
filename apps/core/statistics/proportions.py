"""Intervals of one share: `successes` of `trials` independent ones."""

import math

from .distributions import beta_quantile, normal_quantile
from .intervals import Interval, require_level


def clopper_pearson(successes: int, trials: int, level: float) -> Interval:
    """Exact: misses the true share in at most `level` of cases, at most half of it on either side.

    Clopper and Pearson, Biometrika 26, 1934; by quantiles of the beta distribution.
    """
    _require(successes, trials, level)
    failures = trials - successes
    low = beta_quantile(level / 2, successes, failures + 1) if successes else 0.0
    high = beta_quantile(1 - level / 2, successes + 1, failures) if failures else 1.0
    return Interval(low, high)


def wilson(successes: int, trials: int, level: float) -> Interval:
    """Misses it in about `level` of cases, and is shorter. Wilson, J. Am. Stat. Assoc. 22, 1927; no correction."""
    _require(successes, trials, level)
    z = normal_quantile(1 - level / 2)
    share, weight = successes / trials, z * z / trials
    middle = share + weight / 2
    reach = z * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    low, high = (middle - reach) / (1 + weight), (middle + reach) / (1 + weight)
    return Interval(max(low, 0.0) if successes else 0.0, min(high, 1.0) if successes < trials else 1.0)


def _require(successes: int, trials: int, level: float) -> None:
    require_level(level)
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
