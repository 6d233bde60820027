"""Bars of uptime: how long a check was up and down on each day, out of its flips. Days are days of UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from .standing import Flip, State

DAYS = 90


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    up_seconds: float
    down_seconds: float
    unknown_seconds: float  # new, paused, or not there yet

    @property
    def share(self) -> float | None:
        """Of the time that is known, how much it was up; None when nothing is known."""
        known = self.up_seconds + self.down_seconds
        return self.up_seconds / known if known else None


def uptime(flips: Iterable[Flip], *, at: datetime, days: int = DAYS) -> tuple[Day, ...]:
    """The last days, the oldest first; today's ends at `at`. Flips may come in any order.

    Time before the first flip is what that flip says it was before.
    """
    first = at.astimezone(UTC).date() - timedelta(days=days - 1)
    seconds = {first + timedelta(days=number): dict.fromkeys(State, 0.0) for number in range(days)}
    begin = datetime.combine(first, time(), UTC)
    for state, start_at, end_at in _spans(flips, begin, at):
        for day, length in _by_day(start_at, end_at):
            seconds[day][state] += length
    return tuple(_day(day, spent) for day, spent in seconds.items())


def overall(days: Iterable[Day]) -> float | None:
    """The share of all these days together."""
    days = tuple(days)
    up = sum(day.up_seconds for day in days)
    known = up + sum(day.down_seconds for day in days)
    return up / known if known else None


def percent(share: float) -> str:
    """Cut, not rounded: 100 % is only what never was down."""
    return f"{int(share * 10_000) / 100:.2f} %"


def _spans(flips: Iterable[Flip], begin: datetime, end: datetime) -> Iterator[tuple[State, datetime, datetime]]:
    """What it was from when to when, from `begin` to `end` without a gap."""
    ordered = sorted((flip for flip in flips if flip.at < end), key=lambda flip: flip.at)
    state = ordered[0].before if ordered else State.NEW
    moments = [begin, *(max(flip.at, begin) for flip in ordered), end]
    states = [state, *(flip.after for flip in ordered)]
    for state, (start_at, end_at) in zip(states, pairwise(moments), strict=True):
        yield state, start_at, end_at


def _by_day(start_at: datetime, end_at: datetime) -> Iterator[tuple[date, float]]:
    while start_at < end_at:
        midnight = datetime.combine(start_at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        until = min(midnight, end_at)
        yield start_at.astimezone(UTC).date(), (until - start_at).total_seconds()
        start_at = until


def _day(day: date, spent: dict[State, float]) -> Day:
    unknown = spent[State.NEW] + spent[State.PAUSED]
    return Day(day, spent[State.UP] + spent[State.FAILING], spent[State.DOWN], unknown)
