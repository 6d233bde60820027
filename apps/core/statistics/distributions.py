"""Tails of the binomial, hypergeometric and normal distributions, exact as far as doubles go."""

import math
from collections.abc import Callable
from statistics import NormalDist

from .intervals import require_level

_NORMAL = NormalDist()
_TINY = 1e-300
_CLOSE = 1e-15
_STEPS = 10_000  # of the continued fraction; it needs about the square root of the larger parameter
_TURNS = 200
_FLAT = 1e-13  # of a function: as good as zero


def normal_tail(z: float) -> float:
    """P(Z >= z), also far out where 1 - P(Z < z) would be 0."""
    return math.erfc(z / math.sqrt(2)) / 2


def normal_quantile(probability: float) -> float:
    """The z with P(Z <= z) = probability."""
    return _NORMAL.inv_cdf(probability)


def binomial_tail(successes: int, trials: int, probability: float) -> float:
    """P(X >= successes) of `trials` independent ones. By the beta distribution: Abramowitz and Stegun 26.5.24."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} cannot be")
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability is between 0 and 1, not {probability}")
    return beta_below(probability, successes, trials - successes + 1) if successes else 1.0


def hypergeometric_tail(drawn: int, draws: int, marked: int, total: int) -> float:
    """P(at least `drawn` marked ones) among `draws` of `total` without putting back, `marked` of which are marked."""
    if not (0 <= marked <= total and 0 <= draws <= total):
        raise ValueError(f"{draws} draws with {marked} marked of {total} cannot be")
    ways = (math.comb(marked, k) * math.comb(total - marked, draws - k) for k in range(drawn, min(draws, marked) + 1))
    return min(sum(way for way in ways) / math.comb(total, draws), 1.0) if drawn > 0 else 1.0


def beta_below(x: float, a: float, b: float) -> float:
    """P(X <= x) of a beta distribution with a, b > 0: the regularized incomplete beta function.

    By its continued fraction, on the side of the mean where that converges fast: DLMF 8.17.22.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return max(0.0, 1.0 - beta_below(1.0 - x, b, a))
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return min(1.0, math.exp(log_front) / a * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Modified Lentz: Thompson and Barnett, J. Comput. Phys. 64, 1986."""
    value = d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    c = 1.0
    for step in range(2, _STEPS):
        term = _beta_term(step, x, a, b)
        d = 1.0 / _away_from_zero(1.0 + term * d)
        c = _away_from_zero(1.0 + term / c)
        value *= c * d
        if abs(c * d - 1.0) < _CLOSE:
            break
    return value


def _beta_term(step: int, x: float, a: float, b: float) -> float:
    half = step // 2
    if step % 2:
        return -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
    return half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The x below which a beta distribution has `probability`."""
    require_level(probability)
    return rising_root(lambda x: beta_below(x, a, b) - probability, 0.0, 1.0, close=_CLOSE)


def rising_root(function: Callable[[float], float], low: float, high: float, *, close: float) -> float:
    """Where a function that only rises passes zero between `low`, where it is below, and `high`.

    By chords, either end's value halved when it has stayed twice (Illinois: Dowell and Jarratt, BIT 11, 1971), and by
    halving wherever these do not come closer.
    """
    at_low, at_high = function(low), function(high)
    side = 0
    for turn in range(_TURNS):
        if high - low <= close:
            break
        chord = low - at_low * (high - low) / (at_high - at_low) if at_high > at_low else low
        middle = chord if low < chord < high and turn % 4 < 3 else (low + high) / 2
        value = function(middle)
        if value < 0:
            low, at_low, at_high, side = middle, value, at_high / 2 if side < 0 else at_high, -1
        else:
            high, at_high, at_low, side = middle, value, at_low / 2 if side > 0 else at_low, 1
        if abs(value) < _FLAT:
            return middle
    return (low + high) / 2
