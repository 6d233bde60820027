"""The customer's rules: all there, sound, and firing where the customer's document says."""

from datetime import timedelta

import pytest

from apps.alerts.domain.instances import Instances, Kind, step
from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.problems import rule_problems
from apps.alerts.domain.rules import Rule, Severity
from apps.alerts.domain.starter import RULES, STARTERS
from tests.alerts.domain.build import A, at

NAMED = {
    "error_rate_critical": Severity.CRITICAL,
    "error_rate_warning": Severity.WARNING,
    "response_time_critical": Severity.CRITICAL,
    "response_time_warning": Severity.WARNING,
    "active_users_drop": Severity.WARNING,
    "database_connection": Severity.CRITICAL,
    "memory_usage": Severity.WARNING,
    "authentication_failures": Severity.ERROR,
    "core_web_vitals": Severity.WARNING,
    "health_check_failures": Severity.CRITICAL,
}


def test_every_rule_of_the_customer_is_there_with_its_severity() -> None:
    assert {one.key: {rule.severity for rule in one.rules} for one in STARTERS} == {
        key: {severity} for key, severity in NAMED.items()
    }


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_each_is_sound_and_says_what_to_know(rule: Rule) -> None:
    assert rule_problems(rule) == []
    assert parse_rule(dump_rule(rule)) == rule
    assert len(rule.description) > 40


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("error_rate_critical", 0.05, 0.051),  # of the requests
        ("error_rate_warning", 0.01, 0.011),
        ("response_time_critical", 1.0, 1.001),  # seconds
        ("response_time_warning", 0.5, 0.501),
        ("active_users_drop", -10, -10.1),  # per cent against last week
        ("database_connection", 1, 0),  # up or not
        ("memory_usage", 0.9, 0.91),  # of the memory
        ("authentication_failures", 50, 51),  # in five minutes
        ("core_web_vitals_lcp", 4.0, 4.1),  # seconds
        ("core_web_vitals_inp", 0.5, 0.51),
        ("core_web_vitals_cls", 0.25, 0.26),
        ("health_check_failures", 3, 4),  # in five minutes
    ],
)
def test_each_fires_beyond_its_threshold_and_after_its_time(key: str, good: float, bad: float) -> None:
    rule = RULES[key]
    assert first_firing(rule, good) is None
    assert first_firing(rule, bad) == rule.for_seconds


def first_firing(rule: Rule, value: float) -> float | None:
    """Seconds, looked at every ten, for half an hour."""
    instances: Instances = {}
    for seconds in range(0, 1_801, 10):
        stepped = step(rule, instances, {A: value}, at(0) + timedelta(seconds=seconds))
        instances = stepped.instances
        if any(one.kind is Kind.FIRED for one in stepped.transitions):
            return seconds
    return None


@pytest.mark.parametrize("pair", ["error_rate", "response_time"])
def test_a_pair_is_a_critical_one_and_a_warning_about_the_same_series(pair: str) -> None:
    critical, warning = (rule for rule in RULES.values() if rule.pair == pair)
    assert (critical.severity, warning.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert critical.query.metric == warning.query.metric
    assert critical.query.across == warning.query.across
    assert critical.threshold > warning.threshold
