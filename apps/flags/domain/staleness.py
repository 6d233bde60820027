"""Which flags have outlived their use, and why. Pure; the same rules as one query are in selectors/staleness.py."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from .engine.definitions import FlagStatus


class Purpose(StrEnum):
    """What a flag is for."""

    RELEASE = "RELEASE"
    EXPERIMENT = "EXPERIMENT"
    OPERATIONAL = "OPERATIONAL"  # such as a kill switch: serves one variant for years
    PERMISSION = "PERMISSION"  # such as what a plan may use


TEMPORARY = frozenset({Purpose.RELEASE, Purpose.EXPERIMENT})


class StaleReason(StrEnum):
    NEVER_EVALUATED = "never_evaluated"
    NOT_EVALUATED = "not_evaluated"
    ONE_SIDED = "one_sided"
    PAST_EXPECTED_END = "past_expected_end"


@dataclass(frozen=True, slots=True)
class Activity:
    """What a flag served last, and since when it has served nothing else."""

    last_served_at: datetime
    variant: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One flag in one environment, as far as age tells."""

    purpose: Purpose
    status: FlagStatus
    expected_end: date | None
    is_archived: bool
    is_rolling_out: bool  # an open rollout plan holds its state here
    known_since: datetime  # the later one of the flag's and the environment's creation
    changed_at: datetime  # its state here
    activity: Activity | None  # None: never evaluated here


@dataclass(frozen=True, slots=True)
class Stale:
    """One reason, and the same in plain English."""

    reason: StaleReason
    words: str


def staleness(life: Life, *, at: datetime, days: int) -> tuple[Stale, ...]:
    """Why the flag looks ready to go; empty when it does not. One killed, archived or rolling out is in hand."""
    if life.is_archived or life.is_rolling_out or life.status is FlagStatus.KILLED:
        return ()
    return (*_unused(life, at, days), *_one_sided(life, at, days), *_past_expected_end(life, at))


def _unused(life: Life, at: datetime, days: int) -> tuple[Stale, ...]:
    if life.activity is None:
        age = at - life.known_since
        words = f"never evaluated in {_days(age)}"
        return (Stale(StaleReason.NEVER_EVALUATED, words),) if age >= timedelta(days) else ()
    rest = at - life.activity.last_served_at
    words = f"not evaluated for {_days(rest)}"
    return (Stale(StaleReason.NOT_EVALUATED, words),) if rest >= timedelta(days) else ()


def _one_sided(life: Life, at: datetime, days: int) -> tuple[Stale, ...]:
    """Still asked for, on, and yet everyone gets the same. Whoever changed it lately is at work on it."""
    seen = life.activity
    if seen is None or life.status is not FlagStatus.ON or life.purpose not in TEMPORARY:
        return ()
    settled = at - max(seen.since, life.changed_at)
    if settled < timedelta(days) or at - seen.last_served_at >= timedelta(days):
        return ()
    return (Stale(StaleReason.ONE_SIDED, f"on, but served only {seen.variant} for {_days(settled)}"),)


def _past_expected_end(life: Life, at: datetime) -> tuple[Stale, ...]:
    if life.expected_end is None or life.expected_end >= at.date():
        return ()
    return (Stale(StaleReason.PAST_EXPECTED_END, f"past its expected end, {life.expected_end.isoformat()}"),)


def _days(length: timedelta) -> str:
    return f"{length.days} day" if length.days == 1 else f"{length.days} days"
