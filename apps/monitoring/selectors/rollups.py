"""Buckets from rollup rows, and rows from buckets."""

from datetime import datetime

from apps.monitoring.domain.rollups import Bucket
from apps.monitoring.domain.sketch_bytes import decode, encode
from apps.monitoring.models import MetricRollup


def buckets_of(series_id: int, *, resolution: int, since: datetime, until: datetime) -> tuple[Bucket, ...]:
    """By time; those that begin in [since, until)."""
    rows = MetricRollup.objects.filter(series=series_id, resolution=resolution, start__gte=since, start__lt=until)
    return tuple(bucket_of(row) for row in rows.order_by("start"))


def bucket_of(row: MetricRollup) -> Bucket:
    return Bucket(
        start_at=row.start,
        seconds=row.resolution,
        minimum=row.minimum,
        maximum=row.maximum,
        total=row.total,
        count=row.count,
        last=row.last,
        last_at=row.last_at,
        sketch=None if row.sketch is None else decode(bytes(row.sketch)),
    )


def row_of(series_id: int, bucket: Bucket) -> MetricRollup:
    """Not saved."""
    return MetricRollup(
        series_id=series_id,
        resolution=bucket.seconds,
        start=bucket.start_at,
        minimum=bucket.minimum,
        maximum=bucket.maximum,
        total=bucket.total,
        count=bucket.count,
        last=bucket.last,
        last_at=bucket.last_at,
        sketch=None if bucket.sketch is None else encode(bucket.sketch),
    )
