"""Alert rules and alerts over the API."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import AlertRule
from apps.core import clock
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from tests.callers import as_key, as_role
from tests.factories import AT, make_key, make_project, make_rule, push

pytestmark = pytest.mark.django_db
RULES, ALERTS = "/api/v1/projects/shop/alert-rules/", "/api/v1/projects/shop/alerts/"
DEFINITION: dict[str, Any] = {
    "key": "errors",
    "name": "Too many errors",
    "severity": "critical",
    "query": {"metric": "errors", "aggregate": "last", "window_seconds": 60},
    "comparison": "gt",
    "threshold": 5,
}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


def body(**definition: Any) -> dict[str, Any]:
    return {"environment": "production", "definition": DEFINITION | definition, "reason": "launch"}


def test_a_rule_is_created_read_changed_and_listed(environment: Environment) -> None:
    operator = as_role("Operator")
    made = operator.post(RULES, body(), format="json")
    assert (made.status_code, made.json()["key"], made.json()["version"]) == (201, "errors", 1)
    one = "/api/v1/projects/shop/environments/production/alert-rules/errors/"
    changed = operator.patch(one, {"enabled": False, "expected_version": 1, "reason": "too loud"}, format="json")
    assert (changed.json()["enabled"], changed.json()["version"]) == (False, 2)
    assert operator.patch(one, {"enabled": True, "expected_version": 1}, format="json").status_code == 409
    assert operator.get(one).json()["definition"]["threshold"] == 5
    assert [rule["key"] for rule in operator.get(RULES).json()["results"]] == ["errors"]
    assert operator.get(f"{RULES}?environment=staging").json()["results"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (body(threshold="high"), "threshold"),
        (body(recovery_threshold=9), "recovery_threshold"),
        (body() | {"response": {"kind": "explode"}}, "response.kind"),
        (body() | {"environment": "nowhere"}, "environment"),
        ({"environment": "production"}, "definition"),
    ],
)
def test_what_makes_no_sense_is_named(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    answer = as_role("Operator").post(RULES, wrong, format="json")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_a_key_is_taken_once(environment: Environment) -> None:
    make_rule(environment)
    answer = as_role("Operator").post(RULES, body(), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


def test_alerts_are_listed_and_narrowed(environment: Environment) -> None:
    make_rule(environment)
    push(environment, "errors", (AT, 9), host="a")
    services.judge_due(at=AT)
    viewer = as_role("Viewer")
    (alert,) = viewer.get(ALERTS).json()["results"]
    assert (alert["rule"], alert["labels"], alert["value"], alert["responses"]) == ("errors", {"host": "a"}, 9, [])
    assert viewer.get(f"{ALERTS}{alert['id']}/").json() == alert
    for query, count in (("open=true", 1), ("open=false", 0), ("severity=warning", 0), ("environment=production", 1)):
        assert len(viewer.get(f"{ALERTS}?{query}").json()["results"]) == count
    assert viewer.get(f"{ALERTS}?opened=true").status_code == 400


def test_a_bound_key_keeps_to_its_environment(environment: Environment) -> None:
    make_rule(environment)
    staging = as_key(make_key(environment=environment.project.environments.get(key="staging"), management=True))
    assert staging.get(RULES).json()["results"] == []
    assert staging.get("/api/v1/projects/shop/environments/production/alert-rules/errors/").status_code in (403, 404)


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_who_may_not_write(environment: Environment, role: str | None) -> None:
    assert as_role(role).post(RULES, body(), format="json").status_code == 403


def test_a_rule_is_tried_on_the_past_and_nothing_is_saved(environment: Environment) -> None:
    now = clock.now()
    for minutes, value in ((30, 9), (29, 9), (28, 1)):
        push(environment, "errors", (now - timedelta(minutes=minutes), value), host="a")
    monitoring.roll_up()
    asked = {"environment": "production", "definition": body()["definition"]}
    answer = as_role("Operator").post(f"{RULES}backtest/", asked, format="json")
    told = answer.json()
    assert (answer.status_code, told["days"], told["count"], told["unanswered"]) == (200, 14, 1, 0)
    assert (told["firings"][0]["labels"], told["firings"][0]["peak"]) == ({"host": "a"}, 9.0)
    assert not AlertRule.objects.exists()
    wrong = asked | {"definition": asked["definition"] | {"threshold": "much"}}
    refused = as_role("Operator").post(f"{RULES}backtest/", wrong, format="json")
    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (400, ["threshold"])
