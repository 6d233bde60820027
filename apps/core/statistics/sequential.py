"""Looking again and again without false alarms piling up: an always-valid test of two rates, and spending by looks."""

import math
from functools import cache

from .distributions import rising_root
from .intervals import Interval, require_level
from .rates import Events

_SMALLEST, _LARGEST, _TYPICAL, _SPREAD, _POINTS = 1.25, 50.0, 8.0, 0.9, 16  # of the mixture of ratios, see mixture()
_MOST = 1e9  # a ratio beyond this is as good as infinite
_CLOSE = 1e-8  # so precisely are logarithms of ratios found
LATER = 0.1  # the part of a level that is kept for looks after the planned ones


@cache
def mixture() -> tuple[tuple[float, float], ...]:
    """Ratios that a bad release may have, and how much of the bet is on each: log-normal around 8, cut at 1.25 and 50.

    Any choice keeps the false alarms; this one finds a tenfold rate soonest among those tried (docs/judge.md).
    """
    step = math.log(_LARGEST / _SMALLEST) / (_POINTS - 1)
    ratios = [_SMALLEST * math.exp(step * point) for point in range(_POINTS)]
    weights = [math.exp(-((math.log(ratio / _TYPICAL) / _SPREAD) ** 2) / 2) for ratio in ratios]
    return tuple((ratio, weight / sum(weights)) for ratio, weight in zip(ratios, weights, strict=True))


def log_evidence(new: Events, base: Events, ratio: float = 1.0) -> float:
    """Logarithm of the e-value against "the new rate is at most `ratio` times the base rate".

    A mixture of likelihood ratios of the events' split, given their total: Robbins, Ann. Math. Stat. 41, 1970. If the
    claim is true, it ever exceeds log(1 / level) in at most `level` of cases, however often one looks (Ville 1939), as
    long as counts only grow and the split of the traffic stays.
    """
    odds = ratio * new.exposure / base.exposure  # of an event to be on the new side
    terms = [
        log_weight + new.count * log_ratio - (new.count + base.count) * math.log((1 + times * odds) / (1 + odds))
        for times, log_ratio, log_weight in _logs()
    ]
    largest = max(terms)
    return largest + math.log(math.fsum(math.exp(term - largest) for term in terms))


@cache
def _logs() -> tuple[tuple[float, float, float], ...]:
    return tuple((ratio, math.log(ratio), math.log(weight)) for ratio, weight in mixture())


def rate_ratio_sequence(new: Events, base: Events, level: float) -> Interval:
    """Of new rate / base rate, valid at all looks at once: each end ever misses in at most `level` of cases."""
    require_level(level)
    high = _lowest_ratio(base, new, level)
    return Interval(_lowest_ratio(new, base, level), 1 / high if high else float("inf"))


def _lowest_ratio(new: Events, base: Events, level: float) -> float:
    """The largest ratio that log_evidence rejects; evidence falls as the ratio rises."""
    limit = -math.log(level)
    high = math.log(new.rate / base.rate if new.count and base.count else _MOST)  # what was seen is never rejected
    if new.count == 0 or log_evidence(new, base, 1 / _MOST) < limit:
        return 0.0
    width = 1.0
    while log_evidence(new, base, math.exp(high - width)) < limit:
        width *= 2
    low = high - width
    return math.exp(rising_root(lambda log: limit - log_evidence(new, base, math.exp(log)), low, high, close=_CLOSE))


def level_at(look: int, planned: int, level: float) -> float:
    """What one of many looks may spend of `level`, for tests that know only one look: Bonferroni over planned looks.

    A tenth is kept for looks after them, ever less for each (it sums to that tenth), so that all looks together never
    spend more than `level`.
    """
    require_level(level)
    if look < 1 or planned < 1:
        raise ValueError(f"look {look} of {planned} cannot be")
    if look <= planned:
        return level * (1 - LATER) / planned
    late = look - planned
    return level * LATER / (late * (late + 1))
