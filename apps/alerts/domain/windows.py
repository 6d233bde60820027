"""From the samples of a window to one value for each series or group of series. Fetches nothing."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from .labels import Labels, chosen
from .rules import Aggregate, Baseline, Query

WEEK = timedelta(days=7)


class Sketch(Protocol):
    """How the values of a window, or of a part of it, are distributed."""

    def quantile(self, q: float, /) -> float | None: ...  # `q` from 0 to 1; None of an empty one


class Bucket(Protocol):
    """What some samples came to: monitoring's rollups are such, and so is a single sample."""

    @property
    def count(self) -> int: ...
    @property
    def total(self) -> float: ...
    @property
    def minimum(self) -> float: ...
    @property
    def maximum(self) -> float: ...
    @property
    def last(self) -> float: ...
    @property
    def last_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Sample:
    last_at: datetime
    last: float

    @property
    def count(self) -> int:
        return 1

    @property
    def total(self) -> float:
        return self.last

    minimum = maximum = total


@dataclass(frozen=True, slots=True)
class Series:
    labels: Labels
    buckets: Sequence[Bucket] = ()  # of the window, oldest first; a counter's begin with the last one before it
    sketches: Sequence[Sketch] = ()  # of the window, for percentiles


Values = dict[Labels, float]
Merge = Callable[[Sequence[Any]], Sketch]  # of sketches of one kind
Groups = Mapping[Labels, Sequence[Series]]


def vector(query: Query, series: Iterable[Series], denominators: Iterable[Series] = (), *, merge: Merge) -> Values:
    """What the query finds. A series about which nothing can be said has no value. `merge` makes one sketch of many,
    of at least two."""
    groups = _grouped(series, query.across)
    if query.aggregate is Aggregate.RATIO:
        return _ratios(query, groups, _grouped(denominators, query.across))
    quantile = query.aggregate.quantile
    if quantile is not None:
        return _known({labels: _quantile(group, quantile, merge) for labels, group in groups.items()})
    aggregate = _AGGREGATES[query.aggregate]
    return _known({labels: aggregate(group) for labels, group in groups.items()})


def increase(buckets: Sequence[Bucket]) -> float | None:
    """By how much a counter went up from the first bucket to the last. Where it falls it began anew, from 0."""
    if len(buckets) < 2:
        return None
    return sum(new.last - old.last if new.last >= old.last else new.last for old, new in pairwise(buckets))


def rate(buckets: Sequence[Bucket]) -> float | None:
    """Of a counter, a second."""
    up = increase(buckets)
    seconds = (buckets[-1].last_at - buckets[0].last_at).total_seconds() if buckets else 0.0
    return up / seconds if up is not None and seconds > 0 else None


def change(now: float, baseline: float, minimum: float = 0.0) -> float | None:
    """In per cent of the baseline; None where that is 0 or below the minimum."""
    if baseline == 0 or abs(baseline) < minimum:
        return None
    return (now - baseline) / abs(baseline) * 100


def changes(now: Mapping[Labels, float], baseline: Mapping[Labels, float], minimum: float = 0.0) -> Values:
    """Of the series that have both values."""
    both = now.keys() & baseline.keys()
    return _known({labels: change(now[labels], baseline[labels], minimum) for labels in both})


def baseline_at(baseline: Baseline, window_seconds: int, at: datetime) -> datetime:
    """When the window ends that the one ending at `at` is compared with."""
    back = WEEK if baseline is Baseline.SAME_HOUR_LAST_WEEK else timedelta(seconds=window_seconds)
    return at - back


Aggregated = Callable[[Sequence[Series]], float | None]


def _grouped(series: Iterable[Series], across: Sequence[str] | None) -> dict[Labels, list[Series]]:
    if across is None:  # a metric has one series of these labels
        return {one.labels: [one] for one in series}
    groups: dict[Labels, list[Series]] = {}
    for one in series:
        groups.setdefault(chosen(one.labels, across), []).append(one)
    return groups


def _known(found: Mapping[Labels, float | None]) -> Values:
    return {labels: value for labels, value in found.items() if value is not None and not math.isnan(value)}


def _ratios(query: Query, numerators: Groups, denominators: Groups) -> Values:
    """For every group that the denominator knows: what never failed has no series of failures, and its ratio is 0."""
    minimum = query.denominator.minimum if query.denominator else 0.0
    found: dict[Labels, float | None] = {}
    for labels, group in denominators.items():
        below = _added(increase)(group)
        if below and below >= minimum:
            found[labels] = (_added(increase)(numerators.get(labels, [])) or 0.0) / below
    return _known(found)


def _quantile(group: Sequence[Series], q: float, merge: Merge) -> float | None:
    sketches = [sketch for one in group for sketch in one.sketches]
    if not sketches:
        return None
    return (sketches[0] if len(sketches) == 1 else merge(sketches)).quantile(q)


def _added(each: Callable[[Sequence[Bucket]], float | None]) -> Aggregated:
    """The sum over the series that have a value; None when none has."""

    def of(group: Sequence[Series]) -> float | None:
        if len(group) == 1:
            return each(group[0].buckets)
        values = [value for one in group if (value := each(one.buckets)) is not None]
        return sum(values) if values else None

    return of


def _all(of: Callable[[Sequence[Bucket]], float]) -> Aggregated:
    """Of all buckets of all series at once; None when there are none."""

    def among(group: Sequence[Series]) -> float | None:
        buckets: Sequence[Bucket]
        buckets = group[0].buckets if len(group) == 1 else [bucket for one in group for bucket in one.buckets]
        return of(buckets) if buckets else None

    return among


def _last(buckets: Sequence[Bucket]) -> float | None:
    return buckets[-1].last if buckets else None


def _count(buckets: Iterable[Bucket]) -> int:
    return sum(bucket.count for bucket in buckets)


def _sum(buckets: Iterable[Bucket]) -> float:
    return math.fsum(bucket.total for bucket in buckets)


_AGGREGATES: dict[Aggregate, Aggregated] = {
    Aggregate.RATE: _added(rate),
    Aggregate.INCREASE: _added(increase),
    Aggregate.AVG: _all(lambda buckets: _sum(buckets) / _count(buckets)),
    Aggregate.SUM: _all(_sum),
    Aggregate.MIN: _all(lambda buckets: min(bucket.minimum for bucket in buckets)),
    Aggregate.MAX: _all(lambda buckets: max(bucket.maximum for bucket in buckets)),
    Aggregate.LAST: _added(_last),  # as many users as all servers have together
    Aggregate.COUNT: _all(_count),
}
