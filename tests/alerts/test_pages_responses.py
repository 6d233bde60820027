"""The pages on which what an alert did is seen and taken back, and on which a rule is deleted."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Response
from apps.core import clock
from apps.core.models import Environment
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.models import FlagState
from tests.factories import ACTOR, make_flag, make_project, make_rollout, make_rule, push, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
KILL: dict[str, Any] = {"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


@pytest.fixture
def state(environment: Environment) -> FlagState:
    return state_in(make_flag(project=environment.project, key="checkout", on=True))


def fire(environment: Environment, response: dict[str, Any]) -> Response:
    now = clock.now()
    push(environment, "errors", (now, 9), host="a")
    make_rule(environment, at=now, response=response)
    services.judge_due(at=now)
    services.respond_due(at=now)
    return Response.objects.get()


def undo(visitor: Visitor, row: Response, reason: str = "a false alarm") -> Any:
    return visitor.post("alert-undo", {"reason": reason}, alert=row.alert_id, response_id=row.pk)


def test_an_alert_lists_what_it_set_off_and_a_kill_is_undone_with_a_reason(
    environment: Environment, visitor: Visitor, state: FlagState
) -> None:
    row = fire(environment, KILL)
    page = visitor.get("alert-detail", alert=row.alert_id)
    shows(page, "What it set off", "Kill the flag checkout", "Done", "Lift the kill")
    missing = undo(visitor, row, reason=" ")
    assert missing.status_code == 422
    shows(missing, "Say why, so that others understand this later.", "<details open>")
    answer = undo(visitor, row)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{visitor.url('alert-detail', alert=row.alert_id)}#responses-heading",
    )
    state.refresh_from_db()
    assert state.status == "ON"
    page = visitor.get("alert-detail", alert=row.alert_id)
    shows(page, "Undone", f"Undone by {visitor.user.get_username()}", "took back what was done about")
    assert "Lift the kill" not in text(page)


def test_what_somebody_changed_since_is_told_where_it_was_asked(
    environment: Environment, visitor: Visitor, state: FlagState
) -> None:
    row = fire(environment, KILL)
    signed: dict[str, Any] = {"actor": ACTOR, "reason": "by hand", "at": clock.now(), "expected_version": None}
    flags.lift_kill(state_id=state.pk, status=FlagStatus.OFF, **signed)
    answer = undo(visitor, row)
    assert answer.status_code == 409
    shows(answer, "It was not undone: the flag was changed since: tests lifted the kill of it", "a false alarm")


def test_a_dry_run_and_a_refusal_look_like_what_they_are(
    environment: Environment, visitor: Visitor, state: FlagState
) -> None:
    row = fire(environment, KILL | {"dry_run": True})
    page = visitor.get("alert-detail", alert=row.alert_id)
    shows(page, "Refused", "Dry run", "This is a dry run".lower())
    assert "Lift the kill" not in text(page)


def test_a_call_offers_no_way_back(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment, {"kind": "call_webhook", "channel": "ops"})
    Response.objects.update(status="DONE", told="called")
    shows(visitor.get("alert-detail", alert=row.alert_id), "Call the webhook ops", "Called")
    assert "<summary>" not in text(visitor.get("alert-detail", alert=row.alert_id)).partition("What happened")[0]
    assert undo(visitor, row).status_code == 409


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        (["alerts.view_alert"], 403),
        (["alerts.view_alert", "alerts.change_alert"], 403),
        (["alerts.view_alert", "alerts.change_alert", "flags.change_flagstate"], 403),  # production is protected
        (["alerts.view_alert", "alerts.change_alert", "flags.change_flagstate", "flags.change_protected"], 302),
    ],
)
def test_undoing_needs_what_doing_it_by_hand_needs(
    environment: Environment, state: FlagState, rights: list[str], status: int
) -> None:
    make_rollout(state)
    row = fire(environment, KILL | {"kind": "pause_rollout"})
    visitor = Visitor(environment.project, role="")
    visitor.user.user_permissions.set(
        Permission.objects.filter(codename__in=[name.partition(".")[2] for name in rights])
    )
    assert undo(visitor, row).status_code == status
    shown = text(visitor.get("alert-detail", alert=row.alert_id))
    assert ("Resume the rollout" in shown) is False  # not for them, or undone by now


def test_one_alert_is_not_the_way_to_undo_anothers(
    environment: Environment, visitor: Visitor, state: FlagState
) -> None:
    row = fire(environment, KILL)
    assert visitor.post("alert-undo", {"reason": "x"}, alert=row.alert_id, response_id=row.pk + 1).status_code == 404
    elsewhere = Visitor(environment.project, role="Operator", environment="staging")
    assert undo(elsewhere, row).status_code == 404
    assert visitor.get("alert-undo", alert=row.alert_id, response_id=row.pk).status_code == 405


def test_a_rule_is_deleted_on_a_page_that_says_what_goes(environment: Environment, visitor: Visitor) -> None:
    now = clock.now()
    push(environment, "errors", (now, 9), host="a")
    make_rule(environment, at=now, guard="errors_low")
    services.judge_due(at=now)
    shows(visitor.get("rule-detail", key="errors"), visitor.url("rule-delete", key="errors"))
    page = visitor.get("rule-delete", key="errors")
    shows(page, "Delete the rule Too many errors", "1 open alert ends", "The guard errors_low turns red")
    assert AlertRule.objects.exists()
    assert visitor.post("rule-delete", {"version": 1, "reason": ""}, key="errors").status_code == 422
    assert visitor.post("rule-delete", {"version": 9, "reason": "gone"}, key="errors").status_code == 409
    assert visitor.post("rule-delete", {"version": 1, "reason": "gone"}, key="errors").status_code == 302
    assert not AlertRule.objects.exists()
    alert = Alert.objects.get()
    assert alert.resolved_at is not None
    shows(visitor.get("alert-detail", alert=alert.pk), "stopped watching", "the rule was deleted")


@pytest.mark.parametrize("role", ["Viewer", "Product"])
def test_who_may_not_delete_rules(environment: Environment, role: str) -> None:
    make_rule(environment)
    visitor = Visitor(environment.project, role=role)
    assert "Delete the rule" not in text(visitor.get("rule-detail", key="errors"))
    assert visitor.get("rule-delete", key="errors").status_code == 403
