"""How often a flag was asked for: the last day by the hour, the last week in sum."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core import svg
from apps.core.models import Environment
from apps.flags import selectors
from apps.flags.models import Flag
from apps.flags.selectors import overview

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Usage:
    rows: list[tuple[str, int, int]]  # (variant, last day, last week)
    hours: list[tuple[datetime, int]]
    day: int  # evaluations
    week: int
    chart: SafeString


def summary(flag: Flag, environment: Environment, *, at: datetime) -> Usage:
    first = at.replace(minute=0, second=0, microsecond=0) - DAY + HOUR
    by_hour = overview.usage_by_hour(flag, environment, since=first)
    hours = [(hour, sum(by_hour.get(hour, {}).values())) for hour in (first + n * HOUR for n in range(24))]
    week = selectors.usage_by_variant(flag, environment, since=at - WEEK)
    day: dict[str, int] = {}
    for counts in by_hour.values():
        for variant, count in counts.items():
            day[variant] = day.get(variant, 0) + count
    total = sum(day.values())
    label = _("%(count)d evaluations in the last 24 hours, one bar per hour") % {"count": total}
    return Usage(
        rows=[(variant, day.get(variant, 0), count) for variant, count in week.items()],
        hours=hours,
        day=total,
        week=sum(week.values()),
        chart=svg.bars([count for _hour, count in hours], label=label),
    )
