"""Samples as they are pushed: what one is, what a push came to, and reading one as JSON. Text is in exposition.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from .limits import MAX_SAMPLES
from .series import Series, read_series
from .values import MISSING, Refusal, Refused, Window, read_moment, read_number, read_object

_FIELDS = ("name", "labels", "value", "at")


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNTYPED = "untyped"


class Sample(NamedTuple):
    """A tuple, because tens of thousands are made a second."""

    series: Series
    value: float  # finite
    at: datetime


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one push brought: the good ones land whatever stands beside them."""

    samples: tuple[Sample, ...]
    refused: tuple[Refused, ...]
    kinds: Mapping[str, MetricKind] = field(default_factory=dict)  # by metric name, where the push says so
    helps: Mapping[str, str] = field(default_factory=dict)  # likewise


def read_samples(raw: object, window: Window) -> Pushed:
    """`{"samples": [{"name", "labels", "value", "at"}]}`, without labels or at where there are none.

    Raises Refusal when it is no such list.
    """
    samples: list[Sample] = []
    refused: list[Refused] = []
    for index, item in enumerate(_items(raw)):
        try:
            samples.append(_read_sample(item, window))
        except Refusal as refusal:
            refused.append(Refused(index, refusal.field, refusal.reason))
    return Pushed(tuple(samples), tuple(refused))


def _items(raw: object) -> list[object]:
    items = read_object("", raw, ("samples",)).get("samples")
    if not isinstance(items, list):
        raise Refusal("samples", "must be a list")
    if not 1 <= len(items) <= MAX_SAMPLES:
        raise Refusal("samples", f"has {len(items):,} entries; 1 to {MAX_SAMPLES:,} are allowed")
    return items


def _read_sample(raw: object, window: Window) -> Sample:
    item = read_object("", raw, _FIELDS)
    for name in ("name", "value"):
        if name not in item:
            raise Refusal(name, MISSING)
    series = read_series(item["name"], item.get("labels", {}))
    value = read_number("value", item["value"])
    if item.get("at") is None:
        return Sample(series, value, window.at)
    return Sample(series, value, window.check("at", read_moment("at", item["at"])))
