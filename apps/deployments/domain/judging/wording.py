"""The judge's numbers in plain English."""

import math

from apps.core.domain.units import Unit, in_words
from apps.core.statistics.intervals import Interval
from apps.deployments.domain.observations import Side


def failures(side: Side, *, noun: bool = True) -> str:
    """As in "31 of 1,204 requests (2.57 %)"."""
    of = f"of {side.requests:,}" + (" requests" if noun else "")
    return f"{side.errors:,} {of} ({in_words(side.error_share, Unit.RATIO)})" if side.errors else f"none {of}"


def ratio(value: float, interval: Interval, than: str) -> str:
    """As in "49 times as many (16 to 190 times)", with "many" for `than`."""
    if value == math.inf:
        return f"at least {times(interval.low)} as {than}"
    return f"{times(value)} as {than} ({span(interval)})"


def span(interval: Interval) -> str:
    if interval.high == math.inf:
        return f"at least {times(interval.low)}" if interval.low else "which may be anything"
    return f"{digits(interval.low)} to {times(interval.high)}" if interval.low else f"at most {times(interval.high)}"


def times(value: float) -> str:
    return f"{digits(value)} times"


def digits(value: float) -> str:
    """Three significant digits below ten, else the whole number."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def milliseconds(value: float) -> str:
    return f"{in_words(value, Unit.NUMBER)} ms"
