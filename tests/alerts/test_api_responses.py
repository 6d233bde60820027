"""Undoing what an alert did, and deleting rules, over the API."""

from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Response
from apps.core.models import AuditEntry, Environment
from tests.callers import as_key, as_role
from tests.factories import AT, make_flag, make_key, make_project, make_rule, push

pytestmark = pytest.mark.django_db
RULE = "/api/v1/projects/shop/environments/production/alert-rules/errors/"


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def killed(environment: Environment) -> Response:
    make_flag(project=environment.project, key="checkout", on=True)
    push(environment, "errors", (AT, 9))
    make_rule(environment, response={"kind": "kill_flag", "flag": "checkout"})
    services.judge_due(at=AT)
    services.respond_due(at=AT)
    return Response.objects.get()


def undo(caller: Any, row: Response, reason: str = "a false alarm") -> Any:
    address = f"/api/v1/projects/shop/alerts/{row.alert_id}/responses/{row.pk}/undo/"
    return caller.post(address, {"reason": reason}, format="json")


def test_a_kill_is_undone_once(killed: Response) -> None:
    answer = undo(as_role("Operator"), killed)
    (told,) = answer.json()["responses"]
    assert (answer.status_code, told["status"]) == (200, "UNDONE")
    assert told["undone_by_label"] == AuditEntry.objects.get(kind="flags.kill_lifted").actor_label
    again = undo(as_role("Operator"), killed)
    assert (again.status_code, again.json()["code"]) == (409, "cannot_undo")
    assert again.json()["detail"] == f"It was not undone: {told['undone_by_label']} has undone it already."


def test_it_asks_why(killed: Response) -> None:
    answer = undo(as_role("Operator"), killed, reason=" ")
    assert (answer.status_code, answer.json()["code"]) == (400, "reason_missing")


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_who_may_not(killed: Response, role: str | None) -> None:
    assert undo(as_role(role), killed).status_code == 403


@pytest.mark.parametrize(("writing", "status"), [(True, 200), (False, 403)])
def test_a_management_key_that_writes_may(
    environment: Environment, killed: Response, writing: bool, status: int
) -> None:
    key = make_key(project=environment.project, management=True, writing=writing)
    assert undo(as_key(key), killed).status_code == status


def test_a_rule_is_deleted_and_its_alerts_stay(environment: Environment, killed: Response) -> None:
    operator = as_role("Operator")
    assert operator.delete(f"{RULE}?expected_version=2").status_code == 409
    assert operator.delete(f"{RULE}?reasons=x").status_code == 400
    assert operator.delete(f"{RULE}?expected_version=1&reason=too%20loud").status_code == 204
    assert not AlertRule.objects.exists()
    assert AuditEntry.objects.get(kind="alerts.rule_deleted").reason == "too loud"
    assert operator.delete(RULE).status_code == 404
    (alert,) = operator.get("/api/v1/projects/shop/alerts/").json()["results"]
    assert (alert["id"], alert["rule"]) == (Alert.objects.get().pk, "errors")


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_who_may_not_delete(environment: Environment, role: str | None) -> None:
    make_rule(environment)
    assert as_role(role).delete(RULE).status_code == 403
