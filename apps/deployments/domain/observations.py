"""What was seen of one slot: minutes of traffic, probes, connections. Plain data; what it means is judged elsewhere."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """One minute of a slot's traffic. A minute nobody knows of is left out; one without traffic has 0 requests."""

    from_at: datetime
    requests: int
    errors: int  # answers of 500 and above and requests without an answer, among the requests
    latencies: Sequence[float] = ()  # ms; all, or a fair sample
    logins: int = 0  # tried, without those that failed for the person's own fault (401)
    logins_ok: int = 0

    @property
    def until_at(self) -> datetime:
        return self.from_at + MINUTE


@dataclass(frozen=True, slots=True)
class Attempt:
    """A probe of a slot, or a try of its to connect to its database. Probes from several places count once a tick."""

    at: datetime
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All of a slot's traffic in one stretch of time, pooled."""

    requests: int
    errors: int
    latencies: Sequence[float] = ()  # ms, 0 or more; all, or a fair sample, in any order

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.requests:
            raise ValueError(f"{self.errors} errors of {self.requests} requests cannot be")
        if self.latencies and not (all(map(math.isfinite, self.latencies)) and min(self.latencies) >= 0):
            raise ValueError("latencies are 0 or more and finite")

    @property
    def error_share(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


def pooled(minutes: Iterable[Minute], from_at: datetime, until_at: datetime) -> Side:
    """The minutes that lie wholly between: from the end of the warm-up until now, say."""
    kept = [minute for minute in minutes if minute.from_at >= from_at and minute.until_at <= until_at]
    return Side(
        requests=sum(minute.requests for minute in kept),
        errors=sum(minute.errors for minute in kept),
        latencies=[latency for minute in kept for latency in minute.latencies],
    )
