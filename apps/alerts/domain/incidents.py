"""What an incident is by rule: which one an alert joins, when it is over, how long people took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .rules import Severity

REMEMBERED = timedelta(minutes=30)  # an incident whose last alert ended within this takes in the next one
SEVERE = (Severity.ERROR, Severity.CRITICAL)  # what opens an incident by itself


def opens(severity: Severity) -> bool:
    """Whether an alert of this severity needs an incident."""
    return severity in SEVERE


def takes_in(ended: Iterable[datetime | None], at: datetime) -> bool:
    """Whether an incident takes in an alert that opens now. `ended`: of each of its alerts, None while open."""
    return any(end is None or at - end <= REMEMBERED for end in ended)


def worst(severities: Iterable[Severity]) -> Severity:
    return max(severities, key=lambda severity: severity.rank)


class Next(Enum):
    """What becomes of an incident whose alerts have changed."""

    GOES_ON = "goes on"
    RESOLVES = "resolves"  # nobody has touched it, so nobody has to close it
    WAITS = "waits"  # for whoever took it on


def after_alerts(ended: Sequence[datetime | None], *, taken_on: bool) -> Next:
    """`ended` as in `takes_in`. One without alerts goes on: somebody opened it for a reason of their own."""
    if not ended or None in ended:
        return Next.GOES_ON
    return Next.WAITS if taken_on else Next.RESOLVES


@dataclass(frozen=True, slots=True)
class Times:
    """Counted from when it opened; None where it has not happened yet."""

    acknowledge: timedelta | None
    act: timedelta | None
    recover: timedelta | None


def times(
    opened_at: datetime,
    *,
    acknowledged_at: datetime | None,
    acted_at: datetime | None,
    resolved_at: datetime | None,
) -> Times:
    def since(moment: datetime | None) -> timedelta | None:
        return None if moment is None else max(moment - opened_at, timedelta(0))  # an act may have come before

    return Times(since(acknowledged_at), since(acted_at), since(resolved_at))


def lasted(length: timedelta) -> str:
    """To the minute once it is longer than two, as in "1 h 5 min"."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
