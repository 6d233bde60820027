"""Rules as JSON: what is read, what is refused, and that every refusal names its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.domain.labels import Match, Matcher
from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.problems import rule_problems
from apps.alerts.domain.rules import (
    Aggregate,
    Baseline,
    Comparison,
    Denominator,
    NoData,
    Query,
    Relative,
    Rule,
    Severity,
)
from apps.core.domain.units import Unit
from apps.flags.domain.engine.definitions import InvalidDefinition
from tests.alerts.domain.build import RULE, query, rule

SMALL: dict[str, Any] = {
    "key": "queue_long",
    "name": "The queue is long",
    "severity": "warning",
    "query": {"metric": "queue_length", "aggregate": "last", "window_seconds": 300},
    "comparison": "gt",
    "threshold": 10,
}
FULL = Rule(
    key="error_rate",
    name="Errors",
    severity=Severity.CRITICAL,
    query=Query(
        metric="http_errors_total",
        aggregate=Aggregate.RATIO,
        window_seconds=60,
        matchers=(Matcher("env", Match.EQUAL, "production"), Matcher("path", Match.NOT_REGEX, "/health.*")),
        across=("service",),
        denominator=Denominator("http_requests_total", (Matcher("env", Match.EQUAL, "production"),), 20),
    ),
    comparison=Comparison.GTE,
    threshold=5.5,
    recovery_threshold=3,
    relative=Relative(Baseline.PREVIOUS_WINDOW, 0.01),
    for_seconds=120,
    keep_firing_for_seconds=60,
    no_data=NoData.OWN_STATE,
    forget_seconds=7_200,
    pair="errors",
    guard="error_rate",
    unit=Unit.PERCENT,
    description="Look at the last deployment.",
)


def changed(path: str, value: object) -> dict[str, Any]:
    """The small rule as JSON with one field set; `query.x` is a field of the query."""
    raw: dict[str, Any] = json.loads(json.dumps(SMALL))
    *outer, name = path.split(".")
    target = raw
    for step in outer:
        target = target.setdefault(step, {})
    target[name] = value
    return raw


def test_what_is_left_out_has_its_default() -> None:
    assert parse_rule(SMALL) == RULE


@pytest.mark.parametrize("rule", [RULE, FULL])
def test_a_written_rule_is_read_back_as_it_was(rule: Rule) -> None:
    assert parse_rule(json.loads(json.dumps(dump_rule(rule)))) == rule
    assert rule_problems(rule) == []


MATCHER = {"label": "env", "match": "=", "value": "x"}


@pytest.mark.parametrize(
    ("path", "value", "named", "message"),
    [
        ("severity", "fatal", "severity", "must be one of info, warning, error, critical"),
        ("severity", ["critical"], "severity", "must be one of info, warning, error, critical"),
        ("comparison", ">", "comparison", "must be one of gt, gte, lt, lte"),
        ("threshold", float("nan"), "threshold", "must be a finite number"),
        ("threshold", True, "threshold", "must be a finite number"),
        ("recovery_threshold", "9", "recovery_threshold", "must be a finite number"),
        ("for_seconds", 1.5, "for_seconds", "must be a whole number of seconds"),
        ("keep_firing_for_seconds", "5m", "keep_firing_for_seconds", "must be a whole number of seconds"),
        ("no_data", "alert", "no_data", "must be one of ok, firing, keep, own_state"),
        ("relative", {"baseline": "yesterday"}, "relative.baseline", "previous_window, same_hour_last_week"),
        ("query.aggregate", "mean", "query.aggregate", "must be one of rate, increase, ratio"),
        ("query.window_seconds", None, "query.window_seconds", "must be a whole number of seconds"),
        ("query.across", "service", "query.across", "must be a list"),
        ("query.matchers", [{}], "query.matchers[0].label", "is missing"),
        ("query.matchers", [MATCHER | {"match": "~"}], "query.matchers[0].match", "must be one of = != =~ !~"),
        ("query.matchers", [MATCHER | {"match": []}], "query.matchers[0].match", "must be one of = != =~ !~"),
        ("query.matchers", [MATCHER | {"match": "=~", "value": "("}], "query.matchers[0].value", "RE2"),
        ("query.matchers", [MATCHER] * 21, "query.matchers", "has 21 entries"),
        ("query.denominator", {"metric": "x", "minimum": "20"}, "query.denominator.minimum", "finite number"),
        ("query.speed", 1, "query.speed", "is not known here"),
        ("enabled", True, "rule.enabled", "is not known here"),
        ("name", "", "name", "has 0 characters"),
        ("name", "a\0", "name", "cannot carry"),
    ],
)
def test_a_refusal_names_the_field(path: str, value: object, named: str, message: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_rule(changed(path, value))
    assert refused.value.path == named
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        (rule(key="Queue Long"), "key", "is no key"),
        (rule(key="a" * 101), "key", "is longer than 100 characters"),
        (rule(name="  "), "name", "is empty"),
        (rule(pair="no pair"), "pair", "is no key"),
        (rule(guard="-"), "guard", "is no key"),
        (rule(threshold=float("inf")), "threshold", "must be a finite number"),
        (rule(recovery_threshold=10), "recovery_threshold", "must be below the threshold"),
        (rule(recovery_threshold=float("nan")), "recovery_threshold", "must be a finite number"),
        (rule(comparison=Comparison.LTE, recovery_threshold=10), "recovery_threshold", "must be above the threshold"),
        (rule(for_seconds=-1), "for_seconds", "must be from 0 to 604,800 seconds"),
        (rule(keep_firing_for_seconds=604_801), "keep_firing_for_seconds", "must be from 0 to 604,800 seconds"),
        (rule(forget_seconds=0), "forget_seconds", "must be from 600 to 2,592,000 seconds"),
        (rule(no_data=NoData.FIRING, for_seconds=900, forget_seconds=900), "forget_seconds", "longer than for_seconds"),
        (rule(relative=Relative(Baseline.PREVIOUS_WINDOW, -1)), "relative.minimum", "must be a finite number from 0"),
        (rule(query=query(metric="queue length")), "query.metric", "is no name of a metric"),
        (rule(query=query(window_seconds=9)), "query.window_seconds", "must be from 10 to 604,800 seconds"),
        (rule(query=query(across=("a", "a"))), "query.across[1]", "'a' is used twice"),
        (rule(query=query(across=("1a",))), "query.across[0]", "is no name of a label"),
        (rule(query=query(across=tuple("abcdefghijk"))), "query.across", "are 11 labels; at most 10"),
        (
            rule(query=query(matchers=(Matcher("a-b", Match.EQUAL, ""),))),
            "query.matchers[0].label",
            "no name of a label",
        ),
        (rule(query=query(aggregate=Aggregate.RATIO)), "query.denominator", "is missing"),
        (rule(query=query(denominator=Denominator("all"))), "query.denominator", "last divides by nothing"),
        (
            rule(query=query(aggregate=Aggregate.RATIO, denominator=Denominator("9", minimum=-1))),
            "query.denominator.minimum",
            "must be a finite number from 0 on",
        ),
    ],
)
def test_what_makes_no_sense_is_named(rule: Rule, path: str, message: str) -> None:
    assert any(place == path and message in words for place, words in rule_problems(rule)), rule_problems(rule)


@pytest.mark.parametrize(
    ("comparison", "threshold", "reachable"),
    [
        (Comparison.LT, -99, True),
        (Comparison.LT, -100, False),  # a drop to nothing is -100 %, which is not below -100 %
        (Comparison.LTE, -100, True),
        (Comparison.LTE, -101, False),
        (Comparison.GT, -101, True),
    ],
)
def test_a_drop_of_more_than_everything_is_refused(comparison: Comparison, threshold: float, reachable: bool) -> None:
    drop = rule(comparison=comparison, threshold=threshold, relative=Relative(Baseline.PREVIOUS_WINDOW))
    assert (rule_problems(drop) == []) is reachable


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*dump_rule(FULL), "query.matchers", "query.across", "query.denominator"]), anything)
def test_whatever_json_says_is_read_or_refused(path: str, value: object) -> None:
    try:
        read = parse_rule(changed(path, value))
    except InvalidDefinition as refused:
        assert refused.path  # noqa: PT017 - reading may also succeed
    else:
        assert parse_rule(dump_rule(read)) == read
        rule_problems(read)
