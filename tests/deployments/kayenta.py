"""A judge like Kayenta's (NetflixACAJudge-v1.0), written from its description, to compare ours with.

One value a minute on each side, Mann-Whitney with the interval that R's wilcox.test finds by Brent's root search, and
"high" where that lies above a quarter of the estimate.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import NormalDist

TOLERANCE, CONFIDENCE = 0.25, 0.98
ACCURACY, EPSILON, TURNS = 1e-4, 2.220446049250313e-16, 1_000  # of R's uniroot as wilcox.test calls it
NOISE = 1e-5  # Kayenta shakes a side that is constant

Values = Sequence[float]


def is_high(canary: Values, baseline: Values) -> bool:
    """Whether the canary's metric counts as raised."""
    if not canary or not baseline or sorted(canary) == sorted(baseline) or len({*canary, *baseline}) == 1:
        return False
    if len(set(canary)) == len(set(baseline)) == 1:
        canary, baseline = _shaken(canary), _shaken(baseline)
    low, estimate = interval_low_and_estimate(canary, baseline)
    return low > TOLERANCE * abs(estimate)


def _shaken(values: Values) -> list[float]:
    """By quantiles of the noise, in place of random numbers."""
    noise = NormalDist(0, NOISE)
    return [value + value * noise.inv_cdf((place + 0.5) / len(values)) for place, value in enumerate(values)]


def interval_low_and_estimate(x: Values, y: Values, confidence: float = CONFIDENCE) -> tuple[float, float]:
    low, high = min(x) - max(y), max(x) - min(y)
    z = NormalDist().inv_cdf(1 - (1 - confidence) / 2)
    return _root(lambda mu: _score(x, y, mu) - z, low, high), _root(lambda mu: _score(x, y, mu), low, high)


def _score(x: Values, y: Values, mu: float) -> float:
    moved = [value - mu for value in x]
    ranks = _ranks([*moved, *y])
    n, m = len(x), len(y)
    beyond = sum(ranks[value] for value in moved) - n * (n + 1) / 2 - n * m / 2
    ties = sum(count**3 - count for count in Counter([*moved, *y]).values())
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return (beyond - math.copysign(0.5, beyond) * (beyond != 0)) / spread


def _ranks(values: Values) -> dict[float, float]:
    """The average rank of each value."""
    ranks, before = {}, 0
    for value, count in sorted(Counter(values).items()):
        ranks[value] = before + (count + 1) / 2
        before += count
    return ranks


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """An end of the range where the function does not change its sign in it."""
    at_low, at_high = function(low), function(high)
    if at_low <= 0:
        return low
    if at_high >= 0:
        return high
    return _brent(function, low, high, at_low, at_high)


def _brent(function: Callable[[float], float], a: float, b: float, at_a: float, at_b: float) -> float:
    """Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4, as the netlib routine has it."""
    c, at_c = a, at_a
    for _ in range(TURNS):
        previous = b - a
        if abs(at_c) < abs(at_b):
            a, b, c = b, c, b
            at_a, at_b, at_c = at_b, at_c, at_b
        close = 2 * EPSILON * abs(b) + ACCURACY / 2
        step = (c - b) / 2
        if abs(step) <= close or at_b == 0:
            break
        if abs(previous) >= close and abs(at_a) > abs(at_b):
            step = _interpolated(a, b, c, at_a, at_b, at_c, previous, close, step)
        if abs(step) < close:
            step = math.copysign(close, step)
        a, at_a = b, at_b
        b += step
        at_b = function(b)
        if (at_b > 0) == (at_c > 0):
            c, at_c = a, at_a
    return b


def _interpolated(  # noqa: PLR0917
    a: float, b: float, c: float, at_a: float, at_b: float, at_c: float, previous: float, close: float, half: float
) -> float:
    width, ratio = c - b, at_b / at_a
    if a == c:
        p, q = width * ratio, 1 - ratio
    else:
        first, second = at_a / at_c, at_b / at_c
        p = ratio * (width * first * (first - second) - (b - a) * (second - 1))
        q = (first - 1) * (second - 1) * (ratio - 1)
    p, q = (p, -q) if p > 0 else (-p, q)
    fits = p < 0.75 * width * q - abs(close * q) / 2 and p < abs(previous * q / 2)
    return p / q if fits else half
