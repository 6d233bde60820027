"""Samples into minutes, minutes into hours. Exempt from the audit trail: machine-written rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from apps.monitoring.domain.rollups import HOUR, MINUTE, Bucket, Point, coarser, rolled_up, start_of
from apps.monitoring.models import DirtyMinute, MetricRollup, MetricSample, MetricSeries
from apps.monitoring.selectors.rollups import buckets_of, row_of

BATCH_MINUTES = 2_000


def roll_up(*, batch: int = BATCH_MINUTES) -> int:
    """Roll up every minute whose samples changed; returns how many. Any number of sweeps may run at once."""
    done = 0
    while count := _roll_up_some(batch):
        done += count
    return done


def _roll_up_some(batch: int) -> int:
    """Minutes that are being written to are left to the next sweep."""
    with transaction.atomic():
        waiting = DirtyMinute.objects.select_for_update(skip_locked=True).order_by("series_id", "start")[:batch]
        minutes = list(waiting.values_list("pk", "series_id", "start"))
        if not minutes:
            return 0
        sketched = _sketched({series_id for _pk, series_id, _start in minutes})
        for series_id, group in groupby(minutes, key=lambda minute: minute[1]):
            _roll_up(series_id, [start for _pk, _series, start in group], sketched=series_id in sketched)
        DirtyMinute.objects.filter(pk__in=[pk for pk, _series, _start in minutes]).delete()
    return len(minutes)


def _sketched(series: set[int]) -> set[int]:
    rows = MetricSeries.objects.filter(pk__in=series, kind=MetricSeries.Kind.DISTRIBUTION)
    return set(rows.values_list("pk", flat=True))


def _roll_up(series_id: int, starts: list[datetime], *, sketched: bool) -> None:
    wanted, hours = set(starts), {start_of(start, HOUR) for start in starts}
    points = _points(series_id, min(starts), max(starts) + timedelta(seconds=MINUTE))
    minutes = [one for one in rolled_up(points, MINUTE, sketched=sketched) if one.start_at in wanted]
    _keep(series_id, minutes)
    for hour in sorted(hours):
        of_hour = buckets_of(series_id, resolution=MINUTE, since=hour, until=hour + timedelta(seconds=HOUR))
        _keep(series_id, coarser(of_hour, HOUR))


def _points(series_id: int, since: datetime, until: datetime) -> list[Point]:
    rows = MetricSample.objects.filter(series=series_id, at__gte=since, at__lt=until)
    return list(rows.values_list("at", "value"))


def _keep(series_id: int, buckets: Iterable[Bucket]) -> None:
    MetricRollup.objects.bulk_create(
        [row_of(series_id, bucket) for bucket in buckets],
        update_conflicts=True,
        unique_fields=["series", "resolution", "start"],
        update_fields=["minimum", "maximum", "total", "count", "last", "last_at", "sketch"],
    )
