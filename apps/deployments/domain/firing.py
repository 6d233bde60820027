"""What the automatic triggers share: their limits, their answers, the minutes they look at, and what ails a slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.domain.units import Unit, in_words

from .judging.findings import Action
from .observations import MINUTE, Attempt, Minute


class Trigger(StrEnum):
    ERROR_RATE = "error_rate"
    DEGRADATION = "degradation"
    PROBES = "probes"
    CONNECTIONS = "connections"
    LOGINS = "logins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The customer's, as pinned."""

    minutes: int = 5  # in a row: for errors and latency; also the window of the probes
    error_share: float = 0.05  # more than this
    least_requests: int = 50  # in all these minutes
    slower: float = 1.5  # times the baseline's p95: more than this
    surely_slower: float = 1.25  # where the interval of these times has to start above
    level: float = 0.005  # that interval misses on either side in so many cases
    failed_probes: int = 4
    failed_connections: int = 2  # in a row
    connections_seconds: float = 30  # from the first to the last of them
    stale_seconds: float = 60  # an older try tells nothing of now
    login_minutes: int = 2  # in a row
    login_share: float = 0.5  # of the baseline's share of logins that succeed: less than this
    least_logins: int = 20  # in these minutes, on each side

    @property
    def window(self) -> timedelta:
        return self.minutes * MINUTE

    @property
    def stale(self) -> timedelta:
        return timedelta(seconds=self.stale_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """In any order. Connections are the slot's tries to reach its database."""

    minutes: Sequence[Minute] = ()
    probes: Sequence[Attempt] = ()
    connections: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """What a trigger saw at a time: shares from 0 to 1, latencies in ms, 1 for a failed try."""

    at: datetime
    new: float
    baseline: float | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    trigger: Trigger
    action: Action  # ROLL_BACK, or PAUSE and a call for people
    reason: str  # in sentences
    points: tuple[Point, ...]  # by time: all that it rests on


@dataclass(frozen=True, slots=True)
class Quiet:
    trigger: Trigger
    reason: str  # one sentence
    conclusive: bool  # False: not enough is known


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str


def last_minutes(minutes: Sequence[Minute], at: datetime, count: int) -> list[Minute] | Unknown:
    """So many whole minutes in a row, the last of which ended just now or a minute ago."""
    whole = sorted((minute for minute in minutes if minute.until_at <= at), key=lambda minute: minute.from_at)
    if not whole:
        return Unknown("no data")
    if at - whole[-1].until_at >= 2 * MINUTE:
        return Unknown(f"no data since {whole[-1].until_at:%H:%M} UTC")
    run = whole[-count:]
    until = whole[-1].until_at
    if [minute.from_at for minute in run] != [until - MINUTE * back for back in range(count, 0, -1)]:
        return Unknown(f"not all of the last {count} minutes are known")
    return run


def beside(run: Sequence[Minute], others: Sequence[Minute]) -> list[tuple[Minute, Minute]] | Unknown:
    """Each minute with the baseline's own."""
    known = {minute.from_at: minute for minute in others}
    if any(minute.from_at not in known for minute in run):
        return Unknown(f"not all of the baseline's last {len(run)} minutes are known")
    return [(minute, known[minute.from_at]) for minute in run]


def clock(run: Sequence[Minute]) -> str:
    """As in "12:01 to 12:06 UTC"."""
    return f"{run[0].from_at:%H:%M} to {run[-1].until_at:%H:%M} UTC"


def ailing(slot: Slot, at: datetime, limits: Limits) -> str | None:
    """Why a slot is not well, as a clause: its errors, its last two probes, or its last try to reach the database."""
    recent = [minute for minute in slot.minutes if at - limits.window - MINUTE < minute.until_at <= at]
    requests, errors = sum(minute.requests for minute in recent), sum(minute.errors for minute in recent)
    if errors > 1 and errors / requests > limits.error_share:
        return f"the baseline fails as well ({in_words(errors / requests, Unit.RATIO)} of its requests)"
    probed = _ordered(slot.probes, at - limits.window, at)
    if sum(not probe.ok for probe in probed) >= limits.failed_probes or (
        len(probed) > 1 and not any(probe.ok for probe in probed[-2:])
    ):
        return "the baseline's health probes fail as well"
    tried = _ordered(slot.connections, at - limits.stale, at)
    if tried and not tried[-1].ok:
        return "the baseline does not reach the database either"
    return None


def _ordered(attempts: Sequence[Attempt], after: datetime, until: datetime) -> list[Attempt]:
    return sorted((each for each in attempts if after < each.at <= until), key=lambda each: each.at)
