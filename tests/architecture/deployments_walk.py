"""The scenarios of deployments for test_audit_walk.py, as in delivery_walk.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from apps.core import audit
from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Deployment, Rollback
from tests.architecture.scenarios import ANY, WHO, production, scenario
from tests.factories import ACTOR, AT, ask_for_approvals, make_approver, make_project
from tests.factories.deployments import make_deployment, make_release, make_service, make_target

# Keeps asserting what was decided; nothing of it is a decision.
EXEMPT = {"reconcile_traffic"}
# Looks, a secret to show, and a rehearsal that is taken back.
NOT_WRITING = {"agent_secret", "preview_version", "try_target"}
ITSELF = {"advance_deployment": "deployments", "advance_deployments": "deployments"}
HOUR = timedelta(hours=1)


def _staging() -> Environment:
    return make_project().environments.get(key="staging")


def _waiting(**fields: Any) -> Deployment:
    return make_deployment(make_target(_staging()), **fields)


def _rolling(**fields: Any) -> Deployment:
    """Carries traffic since it was asked for: as far as the portal goes where somebody else moves the traffic."""
    row = make_deployment(make_target(_staging(), health_path="/", **fields), actor=OTHER)
    target = row.target
    Deployment.objects.filter(pk=row.pk).update(
        state="ROLLING", task="HOLD", slot="green", base_slot="blue", previous=target.live_release, traffic_at=AT
    )
    row.refresh_from_db()
    return row


OTHER = replace(ACTOR, label="somebody else")


def _to_change(row: Deployment) -> dict[str, Any]:
    return {"deployment_id": row.pk, **ANY}


@scenario
def create_service() -> Callable[[], object]:
    project = make_project()
    return lambda: services.create_service(project_id=project.pk, key="web", name="Web", **WHO)


@scenario
def update_service() -> Callable[[], object]:
    pk = make_service(_staging()).pk
    return lambda: services.update_service(service_id=pk, fields={"name": "New"}, **ANY)


@scenario
def create_release() -> Callable[[], object]:
    service = make_service(_staging())
    return lambda: make_release(service)


@scenario
def create_target() -> Callable[[], object]:
    environment = _staging()
    make_service(environment)
    return lambda: make_target(environment, live="")


@scenario
def update_target() -> Callable[[], object]:
    pk = make_target(_staging()).pk
    return lambda: services.update_target(target_id=pk, fields={"watch_seconds": 60}, **ANY)


@scenario
def renew_agent_secret() -> Callable[[], object]:
    pk = make_target(_staging(), agent_url="http://127.0.0.1:18999/").pk
    return lambda: services.renew_agent_secret(target_id=pk, **WHO)


@scenario
def report_weights() -> Callable[[], object]:
    pk = make_target(_staging()).pk
    weights = {"blue": 95_000, "green": 5_000}
    return lambda: services.report_weights(target_id=pk, weights=weights, actor=ACTOR, at=AT)


@scenario
def request_deployment() -> Callable[[], object]:
    target = make_target(_staging())
    return lambda: make_deployment(target)


@scenario
def request_version() -> Callable[[], object]:
    named: dict[str, Any] = {
        "environment_id": make_target(_staging()).environment_id,
        "service_key": "web",
        "version": "1.0.0",
    }
    return lambda: services.request_version(**named, release=None, **WHO)


@scenario
def record_version() -> Callable[[], object]:
    named: dict[str, Any] = {"environment_id": _staging().pk, "service_key": "web", "version": "1.0.0"}
    return lambda: services.record_version(**named, release=None, **WHO)


@scenario
def record_deployment() -> Callable[[], object]:
    target = make_target(_staging(), live="")
    release = make_release(target.service)
    return lambda: services.record_deployment(target_id=target.pk, release_id=release.pk, **WHO)


@scenario
def change_plan() -> Callable[[], object]:
    row = _waiting()
    return lambda: services.change_plan(watch_seconds=60, **_to_change(row))


def _asked() -> tuple[Deployment, audit.Actor]:
    """It waits for one approval, and somebody may give it."""
    environment = production()
    ask_for_approvals(environment)
    row = make_deployment(make_target(environment), actor=OTHER)
    _user, actor = make_approver("tests")
    return row, actor


@scenario
def approve_deployment() -> Callable[[], object]:
    row, actor = _asked()
    return lambda: services.approve_deployment(deployment_id=row.pk, actor=actor, at=AT)


@scenario
def reject_deployment() -> Callable[[], object]:
    row, actor = _asked()
    return lambda: services.reject_deployment(deployment_id=row.pk, actor=actor, at=AT)


@scenario
def cancel_deployment() -> Callable[[], object]:
    row = _waiting()
    return lambda: services.cancel_deployment(**_to_change(row))


@scenario
def pause_deployment() -> Callable[[], object]:
    row = _rolling()
    return lambda: services.pause_deployment(**_to_change(row))


@scenario
def resume_deployment() -> Callable[[], object]:
    row = _rolling()
    services.pause_deployment(**_to_change(row))
    return lambda: services.resume_deployment(**_to_change(row))


@scenario
def skip_step() -> Callable[[], object]:
    row = _rolling()
    return lambda: services.skip_step(**_to_change(row))


@scenario
def approve_step() -> Callable[[], object]:
    steps = [{"weight": 5_000, "needs_approval": True}, {"weight": 100_000}]
    row = _rolling(strategy="CANARY", steps=steps)
    _user, actor = make_approver("tests")
    return lambda: services.approve_step(**_to_change(row) | {"actor": actor})


@scenario
def override_gate() -> Callable[[], object]:
    row = _waiting()
    return lambda: services.override_gate(gate="CALENDAR", **_to_change(row))


@scenario
def tick_item() -> Callable[[], object]:
    pk = _waiting().pk
    return lambda: services.tick_item(deployment_id=pk, item="staging_thorough", done=True, actor=ACTOR, at=AT)


@scenario
def roll_back() -> Callable[[], object]:
    pk = _rolling().pk
    return lambda: services.roll_back(deployment_id=pk, **WHO)


@scenario
def confirm_rollback() -> Callable[[], object]:
    pk = _rolling().pk
    services.roll_back(deployment_id=pk, **WHO)
    Rollback.objects.update(status=Rollback.Status.DONE)
    return lambda: services.confirm_rollback(deployment_id=pk, actor=ACTOR, at=AT)


@scenario
def advance_deployment() -> Callable[[], object]:
    pk = _waiting().pk
    return lambda: services.advance_deployment(deployment_id=pk, at=AT)


@scenario
def advance_deployments() -> Callable[[], object]:
    """Not further than the schedule lets it, so that nothing outside is asked."""
    _waiting(at=AT - HOUR, scheduled_at=AT + HOUR)
    return lambda: services.advance_deployments(at=AT)


def _freeze() -> dict[str, Any]:
    times = {"starts_at": AT - HOUR, "ends_at": AT + HOUR}
    return {"project_id": make_project().pk, "environment_id": None, "name": "Sale", **times, **WHO}


@scenario
def create_freeze() -> Callable[[], object]:
    given = _freeze()
    return lambda: services.create_freeze(**given)


@scenario
def end_freeze() -> Callable[[], object]:
    pk = services.create_freeze(**_freeze()).pk
    return lambda: services.end_freeze(freeze_id=pk, **ANY)


def _words() -> dict[str, Any]:
    words = {"kind": "STARTED", "subject": "{version}", "body": "{url}"}
    return {"project_id": make_project().pk, **words, "actor": ACTOR, "at": AT, "expected_version": None}


@scenario
def set_template() -> Callable[[], object]:
    given = _words()
    return lambda: services.set_template(**given)


@scenario
def reset_template() -> Callable[[], object]:
    given = _words()
    services.set_template(**given)
    return lambda: services.reset_template(project_id=given["project_id"], kind="STARTED", actor=ACTOR, at=AT)
