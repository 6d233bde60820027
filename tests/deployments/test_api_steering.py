"""Steering deployments over the API: deciding, pausing, going on, overriding, ticking, rolling back."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Deployment, Rollback
from tests.callers import as_key, as_role
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, ask_for_approvals, make_flag, make_key, make_project
from tests.factories.deployments import make_deployment, make_release, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db
CANARY = [{"weight": 5_000, "hold_seconds": 300, "needs_approval": True}, {"weight": 100_000}]


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def production(staging: Environment) -> Environment:
    return staging.project.environments.get(key="production")


def url(row: Deployment, action: str = "") -> str:
    base = f"/api/v1/projects/shop/environments/{row.target.environment.key}/deployments/{row.pk}/"
    return f"{base}{action}/" if action else base


def post(client: APIClient, row: Deployment, action: str, **body: Any) -> Any:
    return client.post(url(row, action), body, format="json")


def rolling(environment: Environment, world: World) -> Deployment:
    """A canary at its first step, which holds and waits for approval."""
    row = make_deployment(make_target(environment, driver="CADDY", strategy="CANARY", steps=CANARY))
    world.run(20)
    row.refresh_from_db()
    assert row.state == "ROLLING"
    return row


# Deciding


def test_a_deployment_is_approved_by_somebody_else(production: Environment) -> None:
    ask_for_approvals(production)
    operator = as_role("Operator")
    make_target(production)
    body = {"service": "web", "version": "1.0.0", "reason": "again"}
    asked = operator.post("/api/v1/projects/shop/environments/production/deployments/", body, format="json").json()
    row = Deployment.objects.get(pk=asked["id"])
    assert asked["approvals_needed"] == 1
    assert post(operator, row, "approve").json()["code"] == "author_cannot_approve"
    assert post(as_key(make_key(environment=production, writing=True)), row, "approve").status_code == 403
    product = as_role("Product")
    assert post(product, row, "approve", comment="well read").status_code == 200
    assert post(product, row, "approve").json()["code"] == "already_voted"
    services.advance_deployments(at=clock.now())
    gates = {gate["gate"]: gate for gate in product.get(url(row)).json()["gates"]}
    assert gates["APPROVALS"]["verdict"] == "PASSED"


def test_one_rejection_ends_it(production: Environment) -> None:
    ask_for_approvals(production)
    row = make_deployment(make_target(production))
    told = post(as_role("Product"), row, "reject", comment="not before the sale").json()
    assert (told["state"], told["words"]) == ("REJECTED", "not before the sale")
    assert post(as_role("Product"), row, "approve").json()["code"] == "not_waiting"


def test_what_needs_no_approval_cannot_be_approved(staging: Environment) -> None:
    row = make_deployment(make_target(staging))
    assert (code(post(as_role("Product"), row, "approve"))) == (409, "not_waiting")


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# Going on, staying, ending


def test_a_canary_is_paused_resumed_approved_and_sent_on(staging: Environment, world: World) -> None:
    row, operator = rolling(staging, world), as_role("Operator")
    assert code(post(operator, row, "resume")) == (409, "not_paused")
    assert code(post(operator, row, "pause", expected_version=999)) == (409, "stale_version")
    assert post(operator, row, "pause", reason="let me look").json()["state"] == "PAUSED"
    assert code(post(operator, row, "pause")) == (409, "not_live")
    assert post(operator, row, "resume").json()["state"] == "ROLLING"
    assert code(post(operator, row, "skip-step", reason="in a hurry")) == (409, "approval_missing")
    assert post(operator, row, "approve-step").json()["step_approved_by_label"]
    assert code(post(operator, row, "approve-step")) == (409, "nothing_to_approve")
    assert code(post(operator, row, "skip-step")) == (400, "reason_missing")
    assert post(operator, row, "skip-step", reason="in a hurry").json()["position"] == 1
    assert code(post(operator, row, "cancel")) == (409, "too_late_to_cancel")


def test_a_key_approves_no_step(staging: Environment, world: World) -> None:
    row = rolling(staging, world)
    ci = as_key(make_key(environment=staging, writing=True))
    assert code(post(ci, row, "approve-step")) == (403, "only_people_approve")
    assert post(ci, row, "pause").json()["state"] == "PAUSED"


def test_what_waits_is_cancelled(staging: Environment) -> None:
    row = make_deployment(make_target(staging))
    assert post(as_role("Operator"), row, "cancel", reason="wrong version").json()["state"] == "CANCELLED"


# The plan


def test_the_plan_changes_as_far_as_is_said(staging: Environment) -> None:
    at = clock.now() + timedelta(hours=1)
    row = make_deployment(make_target(staging, strategy="CANARY", steps=CANARY), at=clock.now(), scheduled_at=at)
    operator = as_role("Operator")
    told = operator.patch(url(row, "plan"), {"watch_seconds": 60}, format="json").json()
    assert told["plan"]["watch_seconds"] == 60
    assert [step["weight"] for step in told["plan"]["steps"]] == [5_000, 100_000]
    assert told["scheduled_at"] == at.isoformat().replace("+00:00", "Z")
    now = operator.patch(url(row, "plan"), {"scheduled_at": None, "strategy": "BLUE_GREEN"}, format="json").json()
    assert (now["scheduled_at"], [step["weight"] for step in now["plan"]["steps"]]) == (None, [100_000])
    steps = [{"weight": 100_000}, {"weight": 5_000}]
    wrong = operator.patch(url(row, "plan"), {"strategy": "CANARY", "steps": steps}, format="json")
    assert [one["field"] for one in wrong.json()["errors"]] == ["steps[1].weight"]


def test_the_plan_of_what_runs_is_fixed(staging: Environment, world: World) -> None:
    row = rolling(staging, world)
    answer = as_role("Operator").patch(url(row, "plan"), {"watch_seconds": 60}, format="json")
    assert code(answer) == (409, "plan_is_fixed")


# Gates and the checklist


def test_a_gate_is_overridden_by_a_person_who_says_why(production: Environment) -> None:
    row = make_deployment(make_target(production, open_gates=False), at=clock.now())
    services.advance_deployments(at=clock.now())
    operator = as_role("Operator")
    ci = as_key(make_key(environment=production, writing=True))
    assert code(post(ci, row, "override-gate", gate="STAGING", reason="trust me")) == (403, "only_people_override")
    assert code(post(operator, row, "override-gate", gate="STAGING")) == (400, "reason_missing")
    lock = post(operator, row, "override-gate", gate="LOCK", reason="x")
    assert [error["field"] for error in lock.json()["errors"]] == ["gate"]
    told = post(operator, row, "override-gate", gate="STAGING", reason="staging is down").json()
    assert [(one["gate"], one["reason"]) for one in told["overrides"]] == [("STAGING", "staging is down")]


def test_an_item_is_ticked_and_the_tick_taken_back(staging: Environment) -> None:
    target = make_target(staging)
    own = [{"key": "told_support", "words": "Support knows", "phase": "before", "required": True}]
    services.update_service(
        service_id=target.service_id, fields={"checklist": own}, actor=ACTOR, reason="", at=AT, expected_version=None
    )
    row, operator = make_deployment(target), as_role("Operator")

    def outcome(done: bool) -> str:
        told = operator.put(url(row, "checklist/told_support"), {"done": done}, format="json").json()
        return str(told["checklist"][0]["outcome"])

    assert (outcome(True), outcome(False)) == ("passed", "open")
    missing = operator.put(url(row, "checklist/nothing"), {"done": True}, format="json")
    assert code(missing) == (404, "no_such_item")


# Waiting in a pipeline


def test_a_pipeline_sees_when_it_may_go_on(staging: Environment, world: World) -> None:
    row = make_deployment(make_target(staging, driver="CADDY", watch_seconds=0, open_gates=False))
    ci = as_key(make_key(environment=staging, management=True))
    first = ci.get(url(row, "gate"))
    assert (first.json()["open"], first.json()["over"], first["Retry-After"]) == (False, False, "5")
    world.run(5)
    reasons = ci.get(url(row, "gate")).json()["reasons"]
    assert reasons == ["Held by open_incident: no verdict yet."]
    services.override_gate(
        deployment_id=row.pk, gate="HOLDS", actor=ACTOR, reason="seen", at=world.at, expected_version=None
    )
    world.run(60)
    last = ci.get(url(row, "gate"))
    told = last.json()
    assert (told["state"], told["open"], told["over"], told["succeeded"]) == ("SUCCEEDED", True, True, True)
    assert "Retry-After" not in last


def test_a_cancelled_one_is_over_and_closed(staging: Environment) -> None:
    row, operator = make_deployment(make_target(staging)), as_role("Operator")
    post(operator, row, "cancel", reason="wrong version")
    told = operator.get(url(row, "gate")).json()
    assert told == {
        "state": "CANCELLED",
        "open": False,
        "over": True,
        "succeeded": False,
        "reasons": ["wrong version"],
    }


# Going back


def test_a_release_is_switched_back_and_confirmed(staging: Environment, world: World) -> None:
    row, operator = rolling(staging, world), as_role("Operator")
    ways = operator.get(url(row, "roll-back")).json()["results"]
    assert [(way["method"], way["possible"], way["target_seconds"]) for way in ways] == [
        ("SWITCH", True, 180),
        ("FLAG", False, 30),
        ("REVERT", False, 600),
        ("RESTORE", False, 1_800),
    ]
    assert all(way["reason"] and way["will_not_undo"] for way in ways)
    assert code(post(operator, row, "roll-back")) == (400, "reason_missing")
    assert code(post(operator, row, "roll-back", method="REVERT", reason="x")) == (409, "cannot_roll_back")
    told = post(operator, row, "roll-back", reason="checkouts fail").json()
    assert (told["state"], told["rollbacks"][0]["status"]) == ("ROLLING_BACK", "RUNNING")
    assert code(post(operator, row, "roll-back", reason="again")) == (409, "rolled_back_already")
    assert code(post(operator, row, "confirm-rollback")) == (409, "nothing_to_confirm")
    world.at = clock.now()
    world.run(60)
    ci = as_key(make_key(environment=staging, writing=True))
    assert code(post(ci, row, "confirm-rollback")) == (403, "only_people_approve")
    assert post(operator, row, "confirm-rollback", comment="all well").json()["rollbacks"][0]["confirmed_by_label"]
    assert world.weights == {"blue": 100_000, "green": 0}


def test_flags_are_a_way_back(staging: Environment, world: World) -> None:
    make_flag(project=staging.project, key="gift-cards", on=True)
    target = make_target(staging, driver="CADDY", strategy="CANARY", steps=CANARY)
    release = make_release(target.service, "2.0.0", flags=["gift-cards"])
    row = services.request_deployment(target_id=target.pk, release_id=release.pk, actor=ACTOR, reason="tests", at=AT)
    world.run(20)
    operator = as_role("Operator")
    ways = operator.get(url(row, "roll-back")).json()["results"]
    assert [(way["method"], way["possible"]) for way in ways][:2] == [("FLAG", True), ("SWITCH", True)]
    told = post(operator, row, "roll-back", method="FLAG", reason="gift cards fail").json()
    assert (told["state"], told["rollbacks"][0]["method"]) == ("PAUSED", Rollback.Method.FLAG)


# Who may


@pytest.mark.parametrize("action", ["approve", "reject", "approve-step", "pause", "roll-back", "override-gate"])
def test_a_viewer_steers_nothing(staging: Environment, action: str) -> None:
    row = make_deployment(make_target(staging))
    assert post(as_role("Viewer"), row, action, reason="because").status_code == 403


def test_product_people_approve_and_steer_nothing(staging: Environment) -> None:
    row = make_deployment(make_target(staging))
    assert post(as_role("Product"), row, "cancel", reason="because").status_code == 403


def test_a_deployment_is_found_in_its_environment_alone(staging: Environment, production: Environment) -> None:
    row = make_deployment(make_target(staging))
    elsewhere = f"/api/v1/projects/shop/environments/production/deployments/{row.pk}/"
    assert as_role("Operator").get(elsewhere).status_code == 404
