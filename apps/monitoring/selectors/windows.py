"""What the series of some metrics did in a window: from samples while it is short, from rollups when it is long."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.monitoring.domain.rollups import MINUTE, Bucket, Point, rolled_up
from apps.monitoring.domain.series import Labels
from apps.monitoring.models import MetricRollup, MetricSample, MetricSeries
from apps.monitoring.selectors.rollups import bucket_of

LOOK_BACK = timedelta(minutes=5)  # for the sample before the window, from which a counter's increase begins
LONGEST_OF_SAMPLES = timedelta(hours=2)
SECOND = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """One series in a window."""

    labels: Labels
    buckets: tuple[Bucket, ...]  # by time; the first may be from before the window
    began: bool  # whether that is so


def measured(
    environment_id: int,
    names: Collection[str],
    *,
    since: datetime,
    until: datetime,
    labels: Mapping[str, str] | None = None,
) -> dict[str, list[Measured]]:
    """By metric name, the series that have a sample in (since, until]. Three queries at most, however many series.
    With `labels` only those that have all of them."""
    series = MetricSeries.objects.filter(environment=environment_id, name__in=names, last_at__gt=since)
    rows = list(series.filter(labels__contains=dict(labels)) if labels else series)
    read = _from_samples if until - since <= LONGEST_OF_SAMPLES else _from_rollups
    buckets = read(rows, since, until)
    found: dict[str, list[Measured]] = {name: [] for name in names}
    for row in rows:
        own = buckets.get(row.pk, ())
        inside = [bucket for bucket in own if bucket.last_at > since]
        if inside:
            before = [bucket for bucket in own if bucket.last_at <= since][-1:]
            own_labels = tuple(sorted(row.labels.items()))
            found[row.name].append(Measured(own_labels, (*before, *inside), bool(before)))
    return found


def _from_samples(rows: Iterable[MetricSeries], since: datetime, until: datetime) -> dict[int, tuple[Bucket, ...]]:
    """Of a counter a bucket for each second, so that no reset is overlooked; else one for each minute."""
    kinds = {row.pk: row.kind for row in rows}
    points: defaultdict[int, list[Point]] = defaultdict(list)
    samples = MetricSample.objects.filter(series__in=list(kinds), at__gt=since - LOOK_BACK, at__lte=until)
    for series_id, at, value in samples.order_by("series_id", "at").values_list("series_id", "at", "value"):
        points[series_id].append((at, value))
    return {series_id: _split(own, kinds[series_id], since) for series_id, own in points.items()}


def _split(points: list[Point], kind: str, since: datetime) -> tuple[Bucket, ...]:
    """No bucket holds samples from before the window and from inside."""
    length = SECOND if kind == MetricSeries.Kind.COUNTER else MINUTE
    before, inside = ([one for one in points if (one[0] > since) is is_inside] for is_inside in (False, True))
    sketched = kind == MetricSeries.Kind.DISTRIBUTION
    return (*rolled_up(before[-1:], length), *rolled_up(inside, length, sketched=sketched))


def _from_rollups(rows: Iterable[MetricSeries], since: datetime, until: datetime) -> dict[int, tuple[Bucket, ...]]:
    found: defaultdict[int, list[Bucket]] = defaultdict(list)
    kept = MetricRollup.objects.filter(
        series__in=[row.pk for row in rows],
        resolution=MetricRollup.Resolution.MINUTE,
        start__gt=since - LOOK_BACK,
        start__lte=until,
    )
    for row in kept.order_by("series_id", "start"):
        found[row.series_id].append(bucket_of(row))
    return {series_id: tuple(buckets) for series_id, buckets in found.items()}
