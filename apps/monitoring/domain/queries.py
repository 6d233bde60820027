"""A metric over a window, point by point: what the buckets of one or more series come to in each step. No rows here."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from .rollups import HOUR, MINUTE, Bucket, coarser, combined, start_of
from .series import LABEL_PATTERN
from .values import Refusal, exact_sum

MAX_POINTS: Final = 1_000  # of one series in one answer
MAX_SERIES: Final = 20  # in one answer
MAX_MINUTES: Final = timedelta(days=3)  # a longer window needs steps of whole hours
MAX_WINDOW: Final = timedelta(days=400)
UNITS: Final = {"_seconds": "seconds", "_milliseconds": "milliseconds", "_bytes": "bytes", "_ratio": "ratio"}
_MATCHER = re.compile(rf"({LABEL_PATTERN})(!=|=)(.*)", re.DOTALL)


class Aggregate(StrEnum):
    """What becomes of the values in a step. Series that are put together add up where sums have a meaning."""

    RATE = "rate"  # of a counter, a second
    INCREASE = "increase"  # of a counter, over the step
    AVG = "avg"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    COUNT = "count"  # of samples
    P50 = "p50"
    P75 = "p75"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"

    @property
    def counts(self) -> bool:
        return self in (Aggregate.RATE, Aggregate.INCREASE)

    @property
    def quantile(self) -> float | None:
        """From 0 to 1; None for what is no percentile."""
        return int(self[1:]) / 100 if self[1:].isdigit() else None


@dataclass(frozen=True, slots=True)
class Point:
    """One step of one line."""

    at: datetime  # where the step begins
    value: float


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label has to be, or must not be; a missing label is an empty one."""

    label: str
    negated: bool
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        return (labels.get(self.label, "") == self.value) is not self.negated


def unit_of(name: str) -> str:
    """As Prometheus' naming rules put it behind the name; empty: a number without a unit."""
    base = name.removesuffix("_total")
    return next((unit for suffix, unit in UNITS.items() if base.endswith(suffix)), "")


def usual(kind: str) -> Aggregate:
    """What somebody means who names no aggregate."""
    return {"COUNTER": Aggregate.RATE, "DISTRIBUTION": Aggregate.P95}.get(kind, Aggregate.LAST)


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """`host=a,code!=200`. Raises Refusal."""
    matchers = []
    for part in filter(None, text.split(",")):
        found = _MATCHER.fullmatch(part.strip())
        if found is None:
            raise Refusal("match", f"has {part[:50]!r}; it is label=value or label!=value, with commas between")
        matchers.append(Matcher(found[1], found[2] == "!=", found[3]))
    return tuple(matchers)


def check_window(*, since: datetime, until: datetime, step: int) -> None:
    """Whether a query is small enough to be answered at once. Raises Refusal."""
    if step < MINUTE or step % MINUTE:
        raise Refusal("step", f"must be a multiple of {MINUTE} s")
    if since >= until:
        raise Refusal("since", "must be before until")
    if until - since > MAX_WINDOW:
        raise Refusal("since", f"is more than {MAX_WINDOW.days} days before until")
    if (until - since) / timedelta(seconds=step) > MAX_POINTS:
        raise Refusal("step", f"would give more than {MAX_POINTS:,} points; take a longer one")
    if step % HOUR and until - since > MAX_MINUTES:
        raise Refusal("step", f"must be a multiple of {HOUR:,} s for more than {MAX_MINUTES.days} days")


def check_aggregate(aggregate: Aggregate, kinds: Iterable[str]) -> None:
    """Whether it means something for series of these kinds. Raises Refusal."""
    wrong = sorted(
        {
            kind
            for kind in kinds
            if (aggregate.counts and kind != "COUNTER") or (aggregate.quantile is not None and kind != "DISTRIBUTION")
        }
    )
    if wrong:
        needed = "counters" if aggregate.counts else "distributions"
        raise Refusal("aggregate", f"{aggregate} is for {needed}; this metric is a {wrong[0].lower()}")


def line(series: Sequence[Sequence[Bucket]], aggregate: Aggregate, *, since: datetime, step: int) -> tuple[Point, ...]:
    """The points of these series put together, by time; steps without a sample have none.

    Each series by time; it may begin with a bucket from before `since`, from which a counter's increase begins.
    """
    first = start_of(since, step)
    values = _increases(series, step) if aggregate.counts else _values(series, aggregate, step)
    scale = step if aggregate is Aggregate.RATE else 1
    return tuple(Point(at, values[at] / scale) for at in sorted(values) if at >= first)


def _increases(series: Sequence[Sequence[Bucket]], step: int) -> dict[datetime, float]:
    """A counter that fell began again at zero."""
    grown: defaultdict[datetime, list[float]] = defaultdict(list)
    for buckets in series:
        for before, now in pairwise(buckets):
            grown[start_of(now.start_at, step)].append(now.last - before.last if now.last >= before.last else now.last)
    return {at: exact_sum(all_of) for at, all_of in grown.items()}


def _values(series: Sequence[Sequence[Bucket]], aggregate: Aggregate, step: int) -> dict[datetime, float]:
    by_step: defaultdict[datetime, list[Bucket]] = defaultdict(list)
    for buckets in series:
        for bucket in coarser(buckets, step):
            by_step[bucket.start_at].append(bucket)
    found = {at: _value(own, aggregate) for at, own in by_step.items()}
    return {at: value for at, value in found.items() if value is not None}


def _value(buckets: Sequence[Bucket], aggregate: Aggregate) -> float | None:
    if aggregate is Aggregate.LAST:
        return exact_sum(bucket.last for bucket in buckets)
    whole = combined(buckets)
    if aggregate.quantile is not None:
        return None if whole.sketch is None else whole.sketch.quantile(aggregate.quantile)
    return _OF[aggregate](whole)


_OF: Final[Mapping[Aggregate, Callable[[Bucket], float]]] = {
    Aggregate.AVG: lambda bucket: bucket.total / bucket.count,
    Aggregate.SUM: lambda bucket: bucket.total,
    Aggregate.MIN: lambda bucket: bucket.minimum,
    Aggregate.MAX: lambda bucket: bucket.maximum,
    Aggregate.COUNT: lambda bucket: float(bucket.count),
}
