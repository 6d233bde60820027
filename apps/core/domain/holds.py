"""Guards: what a verdict is worth at a given moment. Missing and expired ones hold things back: fail closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GUARD_PATTERN = r"^[a-z0-9]+([_-][a-z0-9]+)*$"  # of its name, such as error_rate_critical
_UNITS = ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """What one guard says. Anything that is not green holds back whoever asked."""

    name: str
    green: bool
    words: str  # why, for people


@dataclass(frozen=True, slots=True)
class Kept:
    """The last verdict that was written for a guard."""

    green: bool
    reason: str
    valid_until: datetime


def judge(name: str, kept: Kept | None, at: datetime) -> GuardVerdict:
    """What the guard says at `at`."""
    if kept is None:
        return GuardVerdict(name, False, "no verdict yet")
    if kept.valid_until <= at:
        return GuardVerdict(name, False, f"the last verdict expired {ago(at - kept.valid_until)} ago")
    return GuardVerdict(name, kept.green, kept.reason or ("green" if kept.green else "red"))


def ago(since: timedelta) -> str:
    """In the largest whole unit, as in "3 min"."""
    seconds = int(since.total_seconds())
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    count = seconds // size
    return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''}"
