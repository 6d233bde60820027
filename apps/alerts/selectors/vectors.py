"""What a rule's query finds at a moment: monitoring's series, as the domain takes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from apps.alerts.domain.instances import Vector
from apps.alerts.domain.labels import Matcher, all_match
from apps.alerts.domain.rules import Query, Rule
from apps.alerts.domain.windows import Bucket, Series, Sketch, baseline_at, changes, vector
from apps.monitoring import selectors as monitoring
from apps.monitoring.domain import sketch as sketches
from apps.monitoring.domain.rollups import Bucket as Rollup
from apps.monitoring.selectors import Measured


def vector_at(environment_id: int, rule: Rule, at: datetime) -> Vector:
    """A value for each series; of a rule about change, the change in per cent."""
    now = _found(environment_id, rule.query, at)
    if rule.relative is None:
        return now
    before = baseline_at(rule.relative.baseline, rule.query.window_seconds, at)
    return changes(now, _found(environment_id, rule.query, before), rule.relative.minimum)


def _found(environment_id: int, query: Query, until: datetime) -> Vector:
    since, below = until - timedelta(seconds=query.window_seconds), query.denominator
    names = {query.metric, *([below.metric] if below else [])}
    measured = monitoring.measured(environment_id, names, since=since, until=until)
    denominators = _series(measured[below.metric], below.matchers, query) if below else []
    return vector(query, _series(measured[query.metric], query.matchers, query), denominators, merge=_merged)


def _series(measured: Iterable[Measured], matchers: Sequence[Matcher], query: Query) -> list[Series]:
    return [_one(found, query) for found in measured if all_match(matchers, found.labels)]


def _one(found: Measured, query: Query) -> Series:
    inside = found.buckets[1:] if found.began else found.buckets
    counts = found.buckets if query.aggregate.counts else inside
    sketched = query.aggregate.quantile is not None
    return Series(
        labels=found.labels,
        buckets=[_bucket(one) for one in counts],
        sketches=[one.sketch for one in inside if one.sketch is not None] if sketched else [],
    )


def _bucket(one: Rollup) -> Bucket:
    return Bucket(one.last_at, one.count, one.total, one.minimum, one.maximum, one.last)


def _merged(parts: Sequence[Sketch]) -> Sketch:
    return sketches.merged([part for part in parts if isinstance(part, sketches.Sketch)])
