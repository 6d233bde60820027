"""The customer's five rollback triggers: sound, about one service, and firing where the customer's document says."""

from datetime import timedelta

import pytest

from apps.alerts.domain.instances import Instances, Kind, step
from apps.alerts.domain.labels import label_set
from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.problems import rule_problems
from apps.alerts.domain.rollback_pack import rollback_rules
from apps.alerts.domain.rules import Rule
from tests.alerts.domain.build import A, at

RULES = {rule.key.removeprefix("rollback_").removesuffix("_web-shop"): rule for rule in rollback_rules("web-shop")}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_each_is_sound_and_about_its_service(rule: Rule) -> None:
    assert rule_problems(rule) == []
    assert parse_rule(dump_rule(rule)) == rule
    mine = {"check": "web-shop"} if "check" in rule.query.matchers[0].label else {"service": "web-shop"}
    theirs = dict.fromkeys(mine, "web")
    assert [one.matches(mine) for one in rule.query.matchers] == [True]
    assert [one.matches(theirs) for one in rule.query.matchers] == [False]


@pytest.mark.parametrize(
    ("name", "good", "bad", "after"),
    [
        ("error_rate", 0.05, 0.051, 300),  # "error rate > 5 % for 5 minutes"
        ("response_time", 50, 50.1, 60),  # "degradation > 50 %", per cent against before
        ("health_checks", 3, 4, 0),  # "more than 3 health failures in 5 minutes"
        ("database", 1, 0, 0),  # 1: it was reached
        ("sign_ins", 0.5, 0.51, 120),
    ],
)
def test_each_fires_beyond_its_threshold_and_after_its_time(name: str, good: float, bad: float, after: int) -> None:
    assert first_firing(RULES[name], good) is None
    assert first_firing(RULES[name], bad) == after


def first_firing(rule: Rule, value: float) -> float | None:
    """Seconds, looked at every ten."""
    instances: Instances = {}
    for seconds in range(0, 601, 10):
        stepped = step(rule, instances, {A: value}, at(0) + timedelta(seconds=seconds))
        instances = stepped.instances
        if any(one.kind is Kind.FIRED for one in stepped.transitions):
            return seconds
    return None


@pytest.mark.parametrize(
    ("check", "watched"), [("web", True), ("web-login", True), ("web_db", True), ("webhook", False), ("api", False)]
)
def test_health_checks_are_known_by_the_services_key(check: str, watched: bool) -> None:
    (rule,) = (one for one in rollback_rules("web") if "health" in one.key)
    assert rule.query.matchers[0].matches(dict(label_set({"check": check}))) is watched
