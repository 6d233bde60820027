"""The pages about alerts and rules: what they show, what they refuse, and who may do what."""

import json
from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule
from apps.core import clock
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from tests.factories import make_flag, make_project, make_rule, push
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def fire(environment: Environment, **rule: Any) -> Alert:
    now = clock.now()
    push(environment, "errors", (now, 9), host="a")
    make_rule(environment, at=now, **rule)
    services.judge_due(at=now)
    services.respond_due(at=now)
    return Alert.objects.get()


def test_without_rules_the_page_leads_to_the_starter_pack(environment: Environment, visitor: Visitor) -> None:
    shows(visitor.get("alert-list"), "Nothing is firing", "No rule watches this environment yet.")
    shows(visitor.get("rule-list"), "No rule watches this environment", "Add the starter pack")
    assert visitor.post("rule-starter", {}).status_code == 302
    page = visitor.get("rule-list")
    shows(page, "More than 5 % of requests fail", "ratio of http_errors_total over 1 minute above 5 %, for 5 minutes")
    assert AlertRule.objects.count() == 12
    assert visitor.post("rule-starter", {}).status_code == 302
    assert AlertRule.objects.count() == 12


def test_an_open_alert_shows_its_value_against_the_threshold(environment: Environment, visitor: Visitor) -> None:
    alert = fire(environment)
    shows(visitor.get("alert-list"), "Too many errors", "host=a", "9, above 5", "Critical")
    shows(visitor.get("alert-list"), 'aria-label="Too many errors in the last hour, against 5"')
    page = visitor.get("alert-detail", alert=alert.pk)
    shows(
        page,
        "last of errors over 1 minute above 5".capitalize(),
        "No flag was changed and nothing deployed here in the day before.",
    )
    shows(page, visitor.url("rule-detail", key="errors"))


def test_an_alert_tells_what_it_did_by_itself(environment: Environment, visitor: Visitor) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    alert = fire(environment, response={"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9})
    page = visitor.get("alert-detail", alert=alert.pk)
    shows(page, "killed checkout in production: everyone gets the off variant")
    shows(visitor.get("timeline"), "acted on")


def test_another_environments_alert_is_not_shown_here(environment: Environment) -> None:
    alert = fire(environment)
    elsewhere = Visitor(environment.project, role="Operator", environment="staging")
    assert elsewhere.get("alert-detail", alert=alert.pk).status_code == 404
    assert "Too many errors" not in text(elsewhere.get("alert-list"))


def form(definition: Any, **fields: Any) -> dict[str, Any]:
    shown = definition if isinstance(definition, str) else json.dumps(definition)
    return {"as": "json", "definition": shown, "response": "", "enabled": "on", "version": 1, "reason": "x", **fields}


def test_a_rule_is_tried_before_it_is_saved(environment: Environment, visitor: Visitor) -> None:
    now = clock.now().replace(second=30, microsecond=0)
    push(environment, "errors", *((now - timedelta(minutes=n), 9 if n in (3, 4) else 1) for n in range(1, 60)))
    monitoring.roll_up()
    other = make_rule(environment).definition | {"key": "other"}
    page = visitor.post("rule-new", form(other, **{"try": "1"}))
    shows(page, "It would have fired 1 time.", "2 notices would have been sent.")
    assert not AlertRule.objects.filter(key="other").exists()
    assert visitor.post("rule-new", form(other)).status_code == 302
    assert AlertRule.objects.filter(key="other").exists()


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("{", "This is not JSON"),
        ("[]", "This has to be a JSON object."),
        ({"key": "x"}, "is missing"),
        ({"threshold": "high"}, "threshold: must be a finite number"),
        ({"recovery_threshold": 99}, "recovery_threshold"),
    ],
)
def test_a_rule_at_fault_is_refused_at_its_field(
    environment: Environment, visitor: Visitor, definition: Any, told: str
) -> None:
    usual = make_rule(environment).definition | {"key": "other"}
    whole = not isinstance(definition, dict) or "key" in definition
    page = visitor.post("rule-new", form(definition if whole else usual | definition))
    assert page.status_code == 422
    shows(page, told)
    assert AlertRule.objects.count() == 1


def test_a_rule_is_changed_and_a_stale_form_keeps_what_was_typed(environment: Environment, visitor: Visitor) -> None:
    rule = make_rule(environment)
    assert visitor.post("rule-detail", form(rule.definition | {"threshold": 7}), key="errors").status_code == 302
    stale = visitor.post("rule-detail", form(rule.definition | {"threshold": 8}), key="errors")
    assert stale.status_code == 409
    shows(stale, "Somebody saved this rule while you were here", "&quot;threshold&quot;: 8")
    rule.refresh_from_db()
    assert rule.definition["threshold"] == 7


def test_viewers_look_and_change_nothing(environment: Environment) -> None:
    rule = make_rule(environment)
    viewer = Visitor(environment.project, role="Viewer")
    assert viewer.get("rule-detail", key="errors").status_code == 200
    assert viewer.post("rule-detail", form(rule.definition), key="errors").status_code == 403
    assert viewer.post("rule-starter", {}).status_code == 403
    assert "Add the starter pack" not in text(viewer.get("rule-list"))
