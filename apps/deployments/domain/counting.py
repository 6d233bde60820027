"""From samples to what judge and triggers look at: increases of counters, minutes, sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from .observations import MINUTE, Attempt, Minute, Side

MOST_LATENCIES = 2_000  # of a side: a fair sample is enough, and ranks take their time
Samples = Sequence[tuple[datetime, float]]  # by time


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was seen of one slot, each list by time. Of counters, by how much each went up, as `grown` tells."""

    requests: Samples = ()
    errors: Samples = ()
    latencies: Samples = ()  # s
    logins: Samples = ()
    login_failures: Samples = ()
    probes: Samples = ()  # 1 or 0, as connections
    connections: Samples = ()


def side(measured: Measured, since: datetime, until: datetime) -> Side:
    """All of (since, until]."""
    requests = round(increase(measured.requests, since, until))
    errors = round(increase(measured.errors, since, until))
    found = [1_000 * value for at, value in measured.latencies if since < at <= until]
    return Side(requests=max(requests, errors), errors=errors, latencies=thinned(found))


def minutes(measured: Measured, until: datetime, count: int) -> list[Minute]:
    """The last `count` minutes that end at `until`, without those in which nobody counted requests."""
    starts = [until - MINUTE * back for back in range(count, 0, -1)]
    return [minute for start in starts if (minute := _minute(measured, start)) is not None]


def _minute(measured: Measured, start: datetime) -> Minute | None:
    until = start + MINUTE
    if not any(start < at <= until for at, _value in measured.requests):
        return None
    whole = side(measured, start, until)
    tried = round(increase(measured.logins, start, until))
    failed = round(increase(measured.login_failures, start, until))
    return Minute(
        from_at=start,
        requests=whole.requests,
        errors=whole.errors,
        latencies=whole.latencies,
        logins=tried,
        logins_ok=max(tried - failed, 0),
    )


def grown(samples: Samples) -> Samples:
    """By how much a counter went up, and when that was seen. Where it fell it began anew, from 0."""
    return [(at, new - old if new >= old else new) for (_, old), (at, new) in pairwise(samples)]


def increase(ups: Samples, since: datetime, until: datetime) -> float:
    return sum(up for at, up in ups if since < at <= until)


def attempts(samples: Samples) -> list[Attempt]:
    return [Attempt(at, value > 0) for at, value in samples]


def thinned(values: list[float], most: int = MOST_LATENCIES) -> list[float]:
    """Evenly, so that what is left is as it was."""
    step = -(-len(values) // most) or 1
    return values[::step]


def look_number(since: datetime, at: datetime) -> int:
    """Looks are a minute apart; 0: it is too early for the first."""
    return int((at - since) / timedelta(minutes=1))
