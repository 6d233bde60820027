"""Judges a whole rule and names every problem at once, so that a form can show them all. Changes nothing."""

import math
import re
from collections.abc import Iterator

from apps.core.domain.holds import GUARD_PATTERN
from apps.flags.domain.engine.validation import Problem

from .labels import LABEL_PATTERN, Matcher, label_names
from .limits import (
    MAX_ACROSS,
    MAX_FORGET_SECONDS,
    MAX_HOLD_SECONDS,
    MAX_KEY_LENGTH,
    MAX_WINDOW_SECONDS,
    MIN_FORGET_SECONDS,
    MIN_WINDOW_SECONDS,
)
from .rules import Aggregate, Denominator, NoData, Query, Rule

METRIC_PATTERN = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"
KEY_PATTERN = GUARD_PATTERN
_NO_KEY = "is no key: lower-case letters, digits, single hyphens and underscores"


def rule_problems(rule: Rule) -> list[Problem]:
    """Every problem in reading order; empty when the rule can be evaluated."""
    return list(_problems(rule))


def _problems(rule: Rule) -> Iterator[Problem]:
    yield from key_problems("key", rule.key)
    if not rule.name.strip():
        yield "name", "is empty; say what is wrong when the rule fires"
    yield from _query_problems(rule.query)
    yield from _threshold_problems(rule)
    yield from _relative_problems(rule)
    yield from _between("for_seconds", rule.for_seconds, 0, MAX_HOLD_SECONDS)
    yield from _between("keep_firing_for_seconds", rule.keep_firing_for_seconds, 0, MAX_HOLD_SECONDS)
    yield from _between("forget_seconds", rule.forget_seconds, MIN_FORGET_SECONDS, MAX_FORGET_SECONDS)
    if rule.no_data in (NoData.FIRING, NoData.OWN_STATE) and rule.forget_seconds <= rule.for_seconds:
        yield "forget_seconds", "must be longer than for_seconds: the series would be forgotten before anybody is told"
    for path, key in (("pair", rule.pair), ("guard", rule.guard)):
        if key:
            yield from key_problems(path, key)


def key_problems(path: str, key: str) -> Iterator[Problem]:
    if not re.fullmatch(KEY_PATTERN, key):
        yield path, _NO_KEY
    elif len(key) > MAX_KEY_LENGTH:
        yield path, f"is longer than {MAX_KEY_LENGTH} characters"


def matcher_problems(path: str, matchers: tuple[Matcher, ...]) -> Iterator[Problem]:
    for place, label in label_names(matchers, path):
        yield from label_problems(place, label)


def label_problems(path: str, label: str) -> Iterator[Problem]:
    if not re.fullmatch(LABEL_PATTERN, label):
        yield path, "is no name of a label: letters, digits and underscores, no digit first"


def _query_problems(query: Query) -> Iterator[Problem]:
    yield from _metric_problems("query.metric", query.metric)
    yield from matcher_problems("query.matchers", query.matchers)
    yield from _between("query.window_seconds", query.window_seconds, MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS)
    yield from _across_problems(query.across or ())
    if query.aggregate is Aggregate.RATIO and query.denominator is None:
        yield "query.denominator", "is missing: a ratio needs something to divide by"
    if query.denominator is not None:
        yield from _denominator_problems(query.aggregate, query.denominator)


def _denominator_problems(aggregate: Aggregate, denominator: Denominator) -> Iterator[Problem]:
    if aggregate is not Aggregate.RATIO:
        yield "query.denominator", f"is for a ratio; {aggregate} divides by nothing"
    yield from _metric_problems("query.denominator.metric", denominator.metric)
    yield from matcher_problems("query.denominator.matchers", denominator.matchers)
    yield from _not_negative("query.denominator.minimum", denominator.minimum)


def _across_problems(across: tuple[str, ...]) -> Iterator[Problem]:
    if len(across) > MAX_ACROSS:
        yield "query.across", f"are {len(across)} labels; at most {MAX_ACROSS} are allowed"
    for n, label in enumerate(across):
        yield from label_problems(f"query.across[{n}]", label)
        if label in across[:n]:
            yield f"query.across[{n}]", f"{label!r} is used twice"


def _threshold_problems(rule: Rule) -> Iterator[Problem]:
    if not math.isfinite(rule.threshold):
        yield "threshold", "must be a finite number"
    if rule.recovery_threshold is None:
        return
    if not math.isfinite(rule.recovery_threshold):
        yield "recovery_threshold", "must be a finite number"
    elif rule.comparison.upward and rule.recovery_threshold >= rule.threshold:
        yield "recovery_threshold", "must be below the threshold: the rule fires on larger values"
    elif not rule.comparison.upward and rule.recovery_threshold <= rule.threshold:
        yield "recovery_threshold", "must be above the threshold: the rule fires on smaller values"


def _relative_problems(rule: Rule) -> Iterator[Problem]:
    if rule.relative is None:
        return
    yield from _not_negative("relative.minimum", rule.relative.minimum)
    reach = rule.threshold < -100 or (rule.threshold == -100 and not rule.comparison.holds(-100, -100))
    if not rule.comparison.upward and reach:
        yield "threshold", "can never be reached: nothing drops by more than 100 %"


def _metric_problems(path: str, metric: str) -> Iterator[Problem]:
    if not re.fullmatch(METRIC_PATTERN, metric):
        yield path, "is no name of a metric: letters, digits, underscores and colons, no digit first"


def _between(path: str, seconds: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= seconds <= high:
        yield path, f"must be from {low} to {high:,} seconds"


def _not_negative(path: str, value: float) -> Iterator[Problem]:
    if not (math.isfinite(value) and value >= 0):
        yield path, "must be a finite number from 0 on"
