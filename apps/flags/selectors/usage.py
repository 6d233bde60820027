"""How often flags were served: one flag by variant, environment and hour or day; many flags by the hour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.db.models import F, Sum
from django.db.models.functions import TruncDay

from apps.core.models import Environment
from apps.flags.models import Flag, FlagUsage


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        return timedelta(hours=1) if self is Interval.HOUR else timedelta(days=1)

    def start(self, at: datetime) -> datetime:
        """Of the hour or day, in UTC, that `at` is in."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour if self is Interval.HOUR else hour.replace(hour=0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What was served of one flag; `starts` are the hours or days, oldest first, of which the last still runs."""

    interval: Interval
    starts: tuple[datetime, ...]
    counts: Mapping[tuple[str, str, datetime], int]  # (environment key, variant, start)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def by_variant(self) -> dict[str, int]:
        return dict(sorted(self._summed(1).items()))

    def by_environment(self) -> dict[str, int]:
        return dict(sorted(self._summed(0).items()))

    def by_start(self) -> list[tuple[datetime, dict[str, int]]]:
        """Every hour or day with its count by variant; those without any are there, and empty."""
        found: dict[datetime, Counter[str]] = {start: Counter() for start in self.starts}
        for (_environment, variant, start), count in self.counts.items():
            found[start][variant] += count
        return [(start, dict(sorted(counts.items()))) for start, counts in found.items()]

    def _summed(self, place: int) -> Counter[str]:
        sums: Counter[str] = Counter()
        for key, count in self.counts.items():
            sums[str(key[place])] += count
        return sums


def usage(
    flag: Flag, *, since: datetime, until: datetime, interval: Interval, environment: Environment | None = None
) -> Usage:
    """From the hour or day of `since` to that of `until`; in every environment unless one is named."""
    starts, last = [interval.start(since)], interval.start(until)
    while starts[-1] < last:
        starts.append(starts[-1] + interval.length)
    rows = FlagUsage.objects.filter(flag=flag, hour__gte=starts[0], hour__lt=last + interval.length)
    rows = rows.filter(environment=environment) if environment else rows
    of = TruncDay("hour", tzinfo=UTC) if interval is Interval.DAY else F("hour")
    counted = rows.values_list("environment__key", "variant", of).annotate(Sum("count"))
    return Usage(interval, tuple(starts), {(env, variant, start): count for env, variant, start, count in counted})


def hourly_totals(
    flags: Iterable[Flag], environment: Environment, *, since: datetime
) -> Mapping[int, Mapping[datetime, int]]:
    """By flag id, the hours that saw evaluations; one query for all these flags."""
    found: defaultdict[int, dict[datetime, int]] = defaultdict(dict)
    rows = FlagUsage.objects.filter(flag__in=[flag.pk for flag in flags], environment=environment, hour__gte=since)
    for flag_id, hour, count in rows.values_list("flag_id", "hour").annotate(Sum("count")):
        found[flag_id][hour] = count
    return found
