"""What a rule's query finds over a stretch of time, read once: what a backtest asks minute by minute. What rules find
now is rounds.py's."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from apps.alerts.domain.instances import Vector
from apps.alerts.domain.labels import Labels, Matcher, all_match
from apps.alerts.domain.rules import Query, Rule
from apps.alerts.domain.windows import Series, Sketch, baseline_at, changes, vector
from apps.monitoring import selectors as monitoring
from apps.monitoring.domain import sketch as sketches
from apps.monitoring.domain.rollups import Bucket
from apps.monitoring.selectors import Measured


def series_of(labels: Labels, buckets: Sequence[Bucket], before: int, query: Query) -> Series:
    """`before` of the buckets lie before the window: only a count begins there."""
    inside = buckets[before:]
    sketched = query.aggregate.quantile is not None
    return Series(
        labels=labels,
        buckets=buckets if query.aggregate.counts else inside,
        sketches=[one.sketch for one in inside if one.sketch is not None] if sketched else [],
    )


def merged(parts: Sequence[Sketch]) -> Sketch:
    return sketches.merged([part for part in parts if isinstance(part, sketches.Sketch)])


class History:
    """A rule's query over a stretch of time, read once: what a backtest asks minute by minute. With `labels` only of
    series that have them, which is all that a group with these labels is made of."""

    def __init__(
        self,
        environment_id: int,
        rule: Rule,
        *,
        since: datetime,
        until: datetime,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self._rule = rule
        below, seconds = rule.query.denominator, rule.query.window_seconds
        first = since if rule.relative is None else baseline_at(rule.relative.baseline, seconds, since)
        names = {rule.query.metric, *([below.metric] if below else [])}
        begin = first - timedelta(seconds=seconds)
        found = monitoring.measured(environment_id, names, since=begin, until=until, labels=labels)
        self._series = _long(found[rule.query.metric], rule.query.matchers)
        self._below = _long(found[below.metric], below.matchers) if below else []
        self.worst: list[tuple[datetime, float]] = []

    def vector_at(self, at: datetime) -> Vector:
        found = self._at(at)
        relative = self._rule.relative
        if relative is not None:
            before = baseline_at(relative.baseline, self._rule.query.window_seconds, at)
            found = changes(found, self._at(before), relative.minimum)
        if found:
            pick = max if self._rule.comparison.upward else min
            self.worst.append((at, pick(found.values())))
        return found

    def _at(self, until: datetime) -> Vector:
        query = self._rule.query
        cut = [[one.cut(until, query) for one in each] for each in (self._series, self._below)]
        series, below = ([one for one in each if one.buckets or one.sketches] for each in cut)
        return vector(query, series, below, merge=merged)


class _Long(NamedTuple):
    """A series over the whole stretch, and the moments of its buckets to look up in."""

    labels: Labels
    moments: list[datetime]
    buckets: tuple[Bucket, ...]

    def cut(self, until: datetime, query: Query) -> Series:
        since = until - timedelta(seconds=query.window_seconds)
        first, end = bisect_right(self.moments, since), bisect_right(self.moments, until)
        if first == end:
            return Series(self.labels)
        before = min(first, 1)
        return series_of(self.labels, self.buckets[first - before : end], before, query)


def _long(measured: Iterable[Measured], matchers: Sequence[Matcher]) -> list[_Long]:
    return [
        _Long(one.labels, [each.last_at for each in one.buckets], one.buckets)
        for one in measured
        if all_match(matchers, one.labels)
    ]
