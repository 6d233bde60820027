"""The words of the rule form's choices, and which fields stand together. No field lives here."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from apps.alerts.domain.rules import Aggregate, NoData
from apps.alerts.forms.definitions import ALL, EACH, TOGETHER
from apps.alerts.responses import LIMITS
from apps.core.domain.units import Unit

Words = str | Promise
AGGREGATES: Mapping[Aggregate, Words] = {
    Aggregate.AVG: lazy("average"),
    Aggregate.MAX: lazy("largest value"),
    Aggregate.MIN: lazy("smallest value"),
    Aggregate.SUM: lazy("sum"),
    Aggregate.LAST: lazy("last value"),
    Aggregate.COUNT: lazy("number of values"),
    Aggregate.RATE: lazy("growth of a counter per second"),
    Aggregate.INCREASE: lazy("growth of a counter over the window"),
    Aggregate.RATIO: lazy("ratio of one counter's growth to another's"),
    Aggregate.P50: lazy("median (p50)"),
    Aggregate.P75: lazy("75th percentile (p75)"),
    Aggregate.P90: lazy("90th percentile (p90)"),
    Aggregate.P95: lazy("95th percentile (p95)"),
    Aggregate.P99: lazy("99th percentile (p99)"),
}
UNITS: Mapping[Unit, Words] = {
    Unit.NUMBER: lazy("plain number"),
    Unit.RATIO: lazy("share of one: 0.05 is 5 %"),
    Unit.PERCENT: lazy("per cent: 5 is 5 %"),
    Unit.SECONDS: lazy("seconds: 0.5 is 500 ms"),
    Unit.BYTES: lazy("bytes"),
    Unit.PER_SECOND: lazy("per second"),
}
NO_DATA: Mapping[NoData, Words] = {
    NoData.OK: lazy("Count as well: no value, no problem."),
    NoData.FIRING: lazy("Count as beyond the threshold: silence is the problem."),
    NoData.KEEP: lazy("Leave all as it is until values come again."),
    NoData.OWN_STATE: lazy("Leave all as it is, and open an alert of its own that says there is no data."),
}
ACROSS: Mapping[str, Words] = {
    EACH: lazy("One alert for each series"),
    TOGETHER: lazy("One alert for each value of these labels"),
    ALL: lazy("One alert for all series together"),
}


class Group(NamedTuple):
    legend: Words
    names: Sequence[str]
    hint: Words = ""
    folded: bool = False  # rarely needed: shown on demand, unless something in it is set or wrong


RESPONSE_LIMITS = tuple(f"response_{name}" for name in LIMITS)
GROUPS = (
    Group(lazy("What is wrong"), ("name", "key", "severity", "description", "enabled")),
    Group(
        lazy("What is looked at"),
        ("metric", "aggregate", "window_seconds", "matchers", "across", "across_labels"),
    ),
    Group(
        lazy("What it is divided by"),
        ("denominator_metric", "denominator_minimum", "denominator_matchers"),
        lazy("For a ratio, such as failed requests to all requests."),
        folded=True,
    ),
    Group(lazy("When it fires"), ("comparison", "threshold", "unit", "for_seconds")),
    Group(
        lazy("Compare with the past"),
        ("baseline", "baseline_minimum"),
        lazy("The threshold is then about the change in per cent: -10 is a drop by 10 %."),
        folded=True,
    ),
    Group(lazy("When it ends"), ("recovery_threshold", "keep_firing_for_seconds"), folded=True),
    Group(lazy("When there is no data"), ("no_data", "forget_seconds"), folded=True),
    Group(lazy("What it goes with"), ("pair", "guard"), folded=True),
)
RESPONSE = Group(lazy("What happens by itself"), ("response_kind", "response_dry_run"))
RESPONSE_GUARDS = Group(lazy("How often that may happen"), RESPONSE_LIMITS, folded=True)


class Shown(NamedTuple):
    group: Group
    fields: list[forms.BoundField]
    open: bool


def choices(words: Mapping[Any, Words]) -> list[tuple[str, Words]]:
    return [(str(name), label) for name, label in words.items()]
