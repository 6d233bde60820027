"""Cron expressions in a time zone: when the next run is due. cronsim reads them as Debian's cron does.

Five fields; names, ranges, lists, steps, `L`, `LW` and `5#2`. Where clocks go forward, a run that falls into the gap
is due at its end; where they go back, it is due once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

MAX_LENGTH = 200  # characters in an expression
MAX_ZONE_LENGTH = 64
_FIELDS = 5
_PROBE = datetime(2000, 1, 1, tzinfo=UTC)  # an expression that is never due after this is never due


class InvalidCron(ValueError):
    """An expression or a time zone that is not read, and why."""


@dataclass(frozen=True, slots=True)
class Cron:
    expression: str
    zone: ZoneInfo

    def runs_after(self, at: datetime, *, beyond: datetime | None = None) -> Iterator[datetime]:
        """When it is due, one after the other, in UTC: strictly after `at`, and only what lies after `beyond`."""
        start_at = max(at, beyond or at)
        for run in CronSim(self.expression, start_at.astimezone(self.zone)):
            moment = run.astimezone(UTC)
            if moment > start_at:  # in an hour that clocks repeat, cronsim begins before where we are
                yield moment


def parse_cron(expression: str) -> str:
    """The expression, checked, single blanks between its fields. Raises InvalidCron."""
    if len(expression) > MAX_LENGTH:
        raise InvalidCron(f"has {len(expression):,} characters; {MAX_LENGTH} are allowed")
    fields = expression.split()
    if len(fields) != _FIELDS:
        raise InvalidCron(f"has {len(fields)} fields; minute, hour, day of month, month and day of week are needed")
    try:
        runs = CronSim(" ".join(fields), _PROBE)
    except CronSimError as error:
        raise InvalidCron(f"is not understood: {str(error).lower()}") from None
    if next(runs, None) is None:
        raise InvalidCron("is never due")
    return " ".join(fields)


def parse_zone(name: str) -> ZoneInfo:
    """Raises InvalidCron."""
    try:
        if 0 < len(name) <= MAX_ZONE_LENGTH:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last two: a path, a directory
        pass
    raise InvalidCron("must be a time zone such as UTC or Europe/Berlin")
