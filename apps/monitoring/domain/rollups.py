"""Buckets of time: what the samples of one series came to in a minute or an hour. Pure arithmetic, in any order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from .sketch import Sketch, merged, sketch_of
from .values import EPOCH, exact_sum

MINUTE: Final = 60  # seconds
HOUR: Final = 3_600

Point = tuple[datetime, float]  # when, and a finite value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """At least one sample of [start_at, start_at + seconds)."""

    start_at: datetime  # a multiple of seconds since 1970
    seconds: int
    minimum: float
    maximum: float
    total: float
    count: int
    last: float
    last_at: datetime
    sketch: Sketch | None  # of latencies only


def start_of(at: datetime, seconds: int) -> datetime:
    """Where the bucket that holds this moment begins."""
    length = timedelta(seconds=seconds)
    return EPOCH + (at - EPOCH) // length * length


def rolled_up(points: Iterable[Point], seconds: int, *, sketched: bool = False) -> tuple[Bucket, ...]:
    """The buckets of these samples of one series, by time."""
    ordered = sorted(points)
    starts = groupby(ordered, key=lambda point: start_of(point[0], seconds))
    return tuple(_bucket(start_at, seconds, tuple(group), sketched=sketched) for start_at, group in starts)


def added(bucket: Bucket, points: Iterable[Point]) -> Bucket:
    """The bucket with further samples in it. Raises ValueError for one of another time."""
    parts = rolled_up(points, bucket.seconds, sketched=bucket.sketch is not None)
    return combined((bucket, *parts))


def combined(buckets: Iterable[Bucket]) -> Bucket:
    """At least one bucket of the same time as one. Raises ValueError when they are not of the same time."""
    buckets = tuple(buckets)
    if len({(bucket.start_at, bucket.seconds) for bucket in buckets}) != 1:
        raise ValueError("these are buckets of different times")
    return _joined(buckets, buckets[0].start_at, buckets[0].seconds)


def coarser(buckets: Iterable[Bucket], seconds: int) -> tuple[Bucket, ...]:
    """Longer buckets out of shorter ones, by time: hours out of minutes. Raises ValueError unless they fit in."""
    buckets = sorted(buckets, key=lambda bucket: bucket.start_at)
    if any(seconds % bucket.seconds for bucket in buckets):
        raise ValueError(f"{seconds} s is no multiple of the buckets' length")
    starts = groupby(buckets, key=lambda bucket: start_of(bucket.start_at, seconds))
    return tuple(_joined(tuple(group), start_at, seconds) for start_at, group in starts)


def _bucket(start_at: datetime, seconds: int, points: tuple[Point, ...], *, sketched: bool) -> Bucket:
    values = [value for _, value in points]
    last_at, last = max(points)
    return Bucket(
        start_at=start_at,
        seconds=seconds,
        minimum=min(values),
        maximum=max(values),
        total=exact_sum(values),
        count=len(values),
        last=last,
        last_at=last_at,
        sketch=sketch_of(values) if sketched else None,
    )


def _joined(buckets: tuple[Bucket, ...], start_at: datetime, seconds: int) -> Bucket:
    last_at, last = max((bucket.last_at, bucket.last) for bucket in buckets)  # of two at once, the larger value
    sketches = [bucket.sketch for bucket in buckets if bucket.sketch is not None]
    return Bucket(
        start_at=start_at,
        seconds=seconds,
        minimum=min(bucket.minimum for bucket in buckets),
        maximum=max(bucket.maximum for bucket in buckets),
        total=exact_sum(bucket.total for bucket in buckets),
        count=sum(bucket.count for bucket in buckets),
        last=last,
        last_at=last_at,
        # A percentile over some of the samples would pass for one over all of them.
        sketch=merged(sketches) if len(sketches) == len(buckets) else None,
    )
