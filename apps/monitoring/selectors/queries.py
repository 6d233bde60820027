"""Metrics over a window for programs: the lines of a query, from rollups of minutes or hours."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.core.models import Environment
from apps.monitoring.domain.queries import (
    MAX_SERIES,
    Aggregate,
    Matcher,
    Point,
    check_aggregate,
    check_window,
    line,
    usual,
)
from apps.monitoring.domain.rollups import HOUR, MINUTE, Bucket, start_of
from apps.monitoring.models import MetricRollup, MetricSeries
from apps.monitoring.selectors.rollups import bucket_of


@dataclass(frozen=True, slots=True)
class Line:
    labels: dict[str, str]  # empty where series were put together
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a query came to."""

    aggregate: Aggregate
    lines: tuple[Line, ...]
    series: int  # how many match
    hidden: int  # of these, how many are left out


def series_of(environment: Environment, name: str) -> QuerySet[MetricSeries]:
    return MetricSeries.objects.filter(environment=environment, name=name)


def queried(
    environment: Environment,
    name: str,
    *,
    since: datetime,
    until: datetime,
    step: int,
    matchers: Sequence[Matcher] = (),
    aggregate: Aggregate | None = None,
    across: bool = False,
) -> Lines:
    """Raises Refusal. Put together, all series that match count; else the newest ones have a line each."""
    check_window(since=since, until=until, step=step)
    known = series_of(environment, name).filter(last_at__gte=since).order_by("-last_at", "pk")
    rows = [row for row in known if all(matcher.matches(row.labels) for matcher in matchers)]
    chosen = aggregate or usual(rows[0].kind if rows else "")
    check_aggregate(chosen, {row.kind for row in rows})
    shown = rows if across else rows[:MAX_SERIES]
    found = _buckets(shown, since, until, step)
    groups = [({}, [found[row.pk] for row in shown])] if across else [(row.labels, [found[row.pk]]) for row in shown]
    drawn = (Line(labels, line(own, chosen, since=since, step=step)) for labels, own in groups)
    return Lines(chosen, tuple(one for one in drawn if one.points), len(rows), len(rows) - len(shown))


def _buckets(
    rows: Sequence[MetricSeries], since: datetime, until: datetime, step: int
) -> defaultdict[int, list[Bucket]]:
    """By series; with the bucket before the window, from which a counter's increase begins."""
    resolution = MINUTE if step % HOUR else HOUR
    first = start_of(since, step) - timedelta(seconds=5 * resolution)
    kept = MetricRollup.objects.filter(series__in=rows, resolution=resolution, start__gte=first, start__lt=until)
    found: defaultdict[int, list[Bucket]] = defaultdict(list)
    for row in kept.order_by("series", "start"):
        found[row.series_id].append(bucket_of(row))
    return found
