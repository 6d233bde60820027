"""The list of alert rules: found among thousands, a page at a time, with as many queries as for one."""

from time import perf_counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts import services
from apps.alerts.models import AlertRule, RuleStanding
from apps.core import clock
from apps.core.models import Environment
from tests.factories import make_project, make_rule, push
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def many(environment: Environment, count: int) -> None:
    """Copies of one rule."""
    model = make_rule(environment, key="model", name="Model")
    rows = [AlertRule(**fields(model, n)) for n in range(count)]
    made = AlertRule.objects.bulk_create(rows)
    RuleStanding.objects.bulk_create([RuleStanding(rule=row, due_at=model.created_at) for row in made])


def fields(model: AlertRule, n: int) -> dict[str, Any]:
    copied = {name: getattr(model, name) for name in ("environment", "severity", "definition", "created_at")}
    return copied | {"key": f"rule-{n:04}", "name": f"Rule {n:04}"}


def names(page: Any) -> list[str]:
    return [row.key for row, _severity, _condition in page.context_data["rows"]]


def test_two_thousand_rules_are_listed_a_page_at_a_time(environment: Environment, visitor: Visitor) -> None:
    make_rule(environment, key="first")
    visitor.get("rule-list")
    with CaptureQueriesContext(connection) as one:
        visitor.get("rule-list")
    many(environment, 2_000)
    began = perf_counter()
    with CaptureQueriesContext(connection) as all_of_them:
        page = visitor.get("rule-list")
    assert perf_counter() - began < 2  # about 0.1 s on an idle machine
    assert len(all_of_them) == len(one)
    assert len(names(page)) == 50
    shows(page, "Page 1 of 41", 'href="?page=2"')
    assert names(visitor.get("rule-list", "?page=41"))[-1] == "rule-1999"
    assert names(visitor.get("rule-list", "?q=1234")) == ["rule-1234"]
    shows(visitor.get("rule-list", "?q=rule&page=2"), 'href="?q=rule&amp;page=3"')


def test_rules_are_found_by_words_severity_and_state(environment: Environment, visitor: Visitor) -> None:
    now = clock.now()
    push(environment, "errors", (now, 9), host="a")
    make_rule(environment, at=now)
    make_rule(environment, key="slow", name="Slow answers", severity="warning", at=now, threshold=99)
    make_rule(environment, key="idle", name="Idle", severity="info", at=now, enabled=False)
    services.judge_due(at=now)
    assert names(visitor.get("rule-list")) == ["errors", "idle", "slow"]
    asked = {
        "?q=SLOW": ["slow"],
        "?q=answers": ["slow"],
        "?q=errors": ["errors", "idle", "slow"],  # the metric of all three
        "?severity=warning": ["slow"],
        "?state=firing": ["errors"],
        "?state=well": ["slow"],
        "?state=off": ["idle"],
        "?q=slow&state=firing": [],
        "?q=%25": [],
        "?q=%00": ["errors", "idle", "slow"],
        "?severity=nonsense&state=nonsense&page=nonsense": ["errors", "idle", "slow"],
    }
    assert {query: names(visitor.get("rule-list", query)) for query in asked} == asked
    shows(visitor.get("rule-list", "?q=nothing"), "No rule fits", "Clear")
    assert "Add the starter pack" in text(visitor.get("rule-list", "?q=nothing"))
    shows(visitor.get("rule-list", "?state=off"), '<option value="off" selected>', "Off")


def test_a_rule_that_cannot_be_read_leaves_the_others_on_the_page(environment: Environment, visitor: Visitor) -> None:
    make_rule(environment)
    make_rule(environment, key="old")
    AlertRule.objects.filter(key="old").update(definition={"key": "old"})
    shows(visitor.get("rule-list"), "last of errors over 1 minute above 5", "cannot be read:")
    shows(visitor.get("rule-detail", key="old"), "Cannot be read:", "Rule (JSON)")
