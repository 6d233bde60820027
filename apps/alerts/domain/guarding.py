"""May an automatic response act now, and if not, why not. What it does is the responses' own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.flags.domain.wording import duration

DAY = timedelta(days=1)


class Cause(StrEnum):
    UNCHANGED = "unchanged"
    COOLDOWN = "cooldown"
    BUDGET = "budget"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    cooldown_seconds: int = 900  # between two actions on the same subject
    daily_budget: int = 3  # actions in any 24 hours; 0 forbids all
    changed_within_seconds: int | None = 3_600  # what has not changed for longer is not to blame; None: always
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    acted_at: Sequence[datetime] = ()  # real actions on the subject in the last 24 hours and within the cooldown
    changed_at: datetime | None = None  # the subject's last change by somebody else; None: not known to have any


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    cause: Cause
    words: str


def may_act(limits: Limits, past: Past, at: datetime) -> Go | Refusal:
    """The first reason against it. A dry run is the last one, so that it tells what the real one would do."""
    return next(_refusals(limits, past, at), Go())


def _refusals(limits: Limits, past: Past, at: datetime) -> Iterator[Refusal]:
    yield from _unchanged(limits, past, at)
    yield from _cooldown(limits, past, at)
    yield from _spent(limits, past, at)
    if limits.dry_run:
        yield Refusal(Cause.DRY_RUN, "this is a dry run: otherwise it would have acted now")


def _unchanged(limits: Limits, past: Past, at: datetime) -> Iterator[Refusal]:
    if limits.changed_within_seconds is None:
        return
    within = duration(limits.changed_within_seconds)
    if past.changed_at is None:
        yield Refusal(Cause.UNCHANGED, f"no change is known, and it acts only on what changed in the last {within}")
    elif at - past.changed_at > timedelta(seconds=limits.changed_within_seconds):
        when = f"{past.changed_at:%Y-%m-%d %H:%M} UTC"
        yield Refusal(Cause.UNCHANGED, f"the last change was at {when}, not in the last {within}")


def _cooldown(limits: Limits, past: Past, at: datetime) -> Iterator[Refusal]:
    last = max(past.acted_at, default=None)
    if last is None:
        return
    until = last + timedelta(seconds=limits.cooldown_seconds)
    if at < until:
        words = f"it acted at {last:%H:%M} UTC and then waits {duration(limits.cooldown_seconds)}"
        yield Refusal(Cause.COOLDOWN, f"{words}, until {until:%H:%M}")


def _spent(limits: Limits, past: Past, at: datetime) -> Iterator[Refusal]:
    budget, spent = limits.daily_budget, sum(moment > at - DAY for moment in past.acted_at)
    if budget == 0:
        yield Refusal(Cause.BUDGET, "its budget is 0 actions a day")
    elif spent >= budget:
        times = "once" if spent == 1 else f"{spent} times"
        allowed = "1 is allowed" if budget == 1 else f"{budget} are allowed"
        yield Refusal(Cause.BUDGET, f"it has acted {times} in the last 24 hours, and {allowed}")
