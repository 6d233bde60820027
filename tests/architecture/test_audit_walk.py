"""Every service that writes leaves an audit entry. A new service fails here until it has a scenario."""

import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import apps
from apps.alerts import services as alerts
from apps.alerts.models import Response
from apps.core import holds
from apps.core import services as core
from apps.core.models import AuditEntry, Environment, Project
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.transitions import Change
from apps.monitoring import services as monitoring
from tests.architecture import (
    delivery_walk,
    deployments_walk,
    response_walk,
    status_walk,  # noqa: F401  # its scenarios
)
from tests.architecture.scenarios import SCENARIOS, scenario
from tests.factories import (
    ACTOR,
    AT,
    ask_for_approvals,
    make_approver,
    make_check,
    make_flag,
    make_heartbeat,
    make_key,
    make_project,
    make_request,
    make_rollout,
    make_rule,
    make_schedule,
    make_segment,
    make_user,
    push,
    say,
    state_in,
)
from tests.factories.rollouts import OTHER, WEEK

# Machine-written counts and clocks. Everything else that changes a row is a decision, and is audited. A guard that
# says again what it said only prolongs its verdict, which is exempt too: tests/core/test_holds.py.
EXEMPT = {"add_usage", "drop_usage", "mark_keys_used", "tick"}
# What is observed, and keeping house about it. That a check goes down or comes back is audited all the same:
# tests/monitoring/test_checks.py and test_heartbeats.py.
EXEMPT |= {"store_events", "record", "roll_up", "drop_old", "make_partitions"}
EXEMPT |= {"count_active_users", "run_due_checks", "find_missed", "hear_pings"}
EXEMPT |= delivery_walk.EXEMPT | response_walk.EXEMPT | deployments_walk.EXEMPT
# These change no row: a check, a lock, and the registration of a callback at start.
NOT_WRITING = (
    {
        "adopt_environments_with",
        "check_reason",
        "check_version",
        "lock_project",
        "read_rule",
        "verdicts",
        "judged",
    }
    | delivery_walk.NOT_WRITING
    | deployments_walk.NOT_WRITING
)
# What the portal does by itself is signed so.
ITSELF = {
    "advance_rollout": "rollout",
    "advance_rollouts": "rollout",
    "hear_deployments": "alerts",
    "judge": "alerts",
    "judge_due": "alerts",
    "report_check": "checks",
    "respond": "alerts",
    "respond_due": "alerts",
    "vouch": "alerts",
} | deployments_walk.ITSELF

WHO: dict[str, Any] = {"actor": ACTOR, "at": AT}
ANY_VERSION: dict[str, Any] = {"expected_version": None}


def _production(project: Project) -> int:
    return project.environments.get(key="production").pk


def _key() -> int:
    return make_key(management=True, project=make_project()).key.pk


@scenario
def create_project() -> Callable[[], object]:
    return lambda: core.create_project(key="walk", name="Walk", **WHO)


@scenario
def update_project() -> Callable[[], object]:
    project = make_project()
    return lambda: core.update_project(project_id=project.pk, fields={"name": "New"}, **WHO, **ANY_VERSION)


@scenario
def create_environment() -> Callable[[], object]:
    project = make_project()
    return lambda: core.create_environment(project_id=project.pk, key="qa", name="QA", kind="STAGING", **WHO)


@scenario
def update_environment() -> Callable[[], object]:
    pk = _production(make_project())
    return lambda: core.update_environment(environment_id=pk, fields={"protected": False}, **WHO, **ANY_VERSION)


@scenario
def issue_key() -> Callable[[], object]:
    project = make_project()
    return lambda: core.issue_key(project_id=project.pk, environment_id=None, kind="MANAGEMENT", name="CI", **WHO)


@scenario
def rotate_key() -> Callable[[], object]:
    pk = _key()
    return lambda: core.rotate_key(key_id=pk, **WHO)


@scenario
def revoke_key() -> Callable[[], object]:
    pk = _key()
    return lambda: core.revoke_key(key_id=pk, **WHO)


@scenario
def add_person() -> Callable[[], object]:
    return lambda: core.add_person(username="walk", password="correct horse battery", roles=(), **WHO)


@scenario
def change_person() -> Callable[[], object]:
    make_user(role="Administrator")
    user = make_user()
    return lambda: core.change_person(user_id=user.pk, fields={"first_name": "Ann"}, roles=(), **WHO)


@scenario
def set_password() -> Callable[[], object]:
    user = make_user()
    return lambda: core.set_password(user_id=user.pk, password="battery horse correct", **WHO)


@scenario
def create_flag() -> Callable[[], object]:
    project = make_project()
    fields = flags.FlagFields(key="walk", name="Walk", type=FlagType.BOOLEAN)
    return lambda: flags.create_flag(project_id=project.pk, fields=fields, **WHO)


@scenario
def update_flag() -> Callable[[], object]:
    flag = make_flag()
    return lambda: flags.update_flag(flag_id=flag.pk, fields={"name": "New"}, **WHO, **ANY_VERSION)


@scenario
def archive_flag() -> Callable[[], object]:
    flag = make_flag()
    return lambda: flags.archive_flag(flag_id=flag.pk, reason="walk", **WHO, **ANY_VERSION)


@scenario
def restore_flag() -> Callable[[], object]:
    flag = make_flag(archived=True)
    return lambda: flags.restore_flag(flag_id=flag.pk, reason="walk", **WHO, **ANY_VERSION)


@scenario
def adopt_environment() -> Callable[[], object]:
    environment = make_flag().project.environments.get(key="staging")
    environment.pk, environment.key = None, "qa"
    environment.save()
    return lambda: flags.adopt_environment(environment, ACTOR, AT)


@scenario
def set_state() -> Callable[[], object]:
    pk = state_in(make_flag()).pk
    change = Change(status=FlagStatus.ON)
    return lambda: flags.set_state(state_id=pk, change=change, reason="walk", **WHO, **ANY_VERSION)


@scenario
def kill() -> Callable[[], object]:
    pk = state_in(make_flag(on=True)).pk
    return lambda: flags.kill(state_id=pk, reason="walk", **WHO)


@scenario
def lift_kill() -> Callable[[], object]:
    pk = state_in(make_flag(killed=True)).pk
    return lambda: flags.lift_kill(state_id=pk, status=FlagStatus.ON, reason="walk", **WHO, **ANY_VERSION)


@scenario
def revert() -> Callable[[], object]:
    pk = state_in(make_flag(on=True)).pk
    return lambda: flags.revert(state_id=pk, to_version=1, reason="walk", **WHO, **ANY_VERSION)


@scenario
def create_segment() -> Callable[[], object]:
    project = make_project()
    return lambda: flags.create_segment(project_id=project.pk, key="walk", name="Walk", **WHO)


@scenario
def update_segment() -> Callable[[], object]:
    segment = make_segment()
    return lambda: flags.update_segment(segment_id=segment.pk, fields={"name": "New"}, **WHO, **ANY_VERSION)


@scenario
def set_members() -> Callable[[], object]:
    segment = make_segment()
    return lambda: flags.set_members(
        segment_id=segment.pk,
        environment_id=_production(segment.project),
        targeting_keys=["ann"],
        reason="walk",
        **WHO,
        **ANY_VERSION,
    )


@scenario
def propose() -> Callable[[], object]:
    state = state_in(make_flag())
    ask_for_approvals(state.environment)
    about: dict[str, Any] = {"kind": "flags.state_change", "subject_id": state.pk, "environment_id": None}
    return lambda: flags.propose(**about, patch={"status": "ON"}, reason="walk", **WHO, **ANY_VERSION)


@scenario
def approve_request() -> Callable[[], object]:
    pk = make_request(state_in(make_flag())).pk
    _user, actor = make_approver("tests")
    return lambda: flags.approve_request(request_id=pk, actor=actor, at=AT)


@scenario
def schedule_change() -> Callable[[], object]:
    state = state_in(make_flag())
    return lambda: make_schedule(state)


@scenario
def cancel_scheduled_change() -> Callable[[], object]:
    pk = make_schedule(state_in(make_flag())).pk
    return lambda: flags.cancel_scheduled_change(schedule_id=pk, **WHO, **ANY_VERSION)


@scenario
def apply_due_changes() -> Callable[[], object]:
    state, before = state_in(make_flag()), AT - timedelta(hours=1)
    flags.schedule_change(
        state_id=state.pk,
        change=Change(status=FlagStatus.ON),
        apply_at=AT,
        actor=ACTOR,
        reason="walk",
        at=before,
        **ANY_VERSION,
    )
    return lambda: flags.apply_due_changes(at=AT)


@scenario
def write() -> Callable[[], object]:
    environment = make_project().environments.get(key="production")
    return lambda: say(environment, "errors")


@scenario
def write_all() -> Callable[[], object]:
    pk = _production(make_project())
    said = [holds.Said("errors", "GREEN", "well"), holds.Said("latency", "RED", "slow")]
    return lambda: holds.write_all(environment_id=pk, said=said, valid_until=AT + WEEK, at=AT, actor=ACTOR)


def _rollout(**fields: Any) -> dict[str, Any]:
    plan = make_rollout(state_in(make_flag()), **fields)
    return {"plan_id": plan.pk, "reason": "walk", **WHO, **ANY_VERSION}


@scenario
def write_everywhere() -> Callable[[], object]:
    pk, said = make_project().environments.get(key="production").pk, [holds.Said("errors", "RED", "walk")]
    return lambda: holds.write_everywhere(said={pk: said}, valid_until=AT + WEEK, at=AT, actor=ACTOR)


@scenario
def start_rollout() -> Callable[[], object]:
    state = state_in(make_flag())
    return lambda: make_rollout(state)


@scenario
def advance_rollout() -> Callable[[], object]:
    pk = make_rollout(state_in(make_flag()), at=AT - WEEK).pk
    return lambda: flags.advance_rollout(plan_id=pk, at=AT)


@scenario
def advance_rollouts() -> Callable[[], object]:
    make_rollout(state_in(make_flag()), at=AT - WEEK)
    return lambda: flags.advance_rollouts(at=AT)


@scenario
def pause_rollout() -> Callable[[], object]:
    given = _rollout()
    return lambda: flags.pause_rollout(**given)


@scenario
def resume_rollout() -> Callable[[], object]:
    given = _rollout(paused=True)
    return lambda: flags.resume_rollout(**given)


@scenario
def skip_stage() -> Callable[[], object]:
    given = _rollout()
    return lambda: flags.skip_stage(**given)


@scenario
def approve_stage() -> Callable[[], object]:
    stages = [Stage("a", (), 1_000, 60, needs_approval=True), Stage("b", (), 2_000, 60)]
    given = _rollout(stages=stages, actor=OTHER) | {"actor": replace(OTHER, id=1, label="tests")}
    return lambda: flags.approve_stage(**given)


@scenario
def roll_back_rollout() -> Callable[[], object]:
    given = _rollout()
    return lambda: flags.roll_back_rollout(**given)


@scenario
def take_over_rollout() -> Callable[[], object]:
    given = _rollout()
    return lambda: flags.take_over_rollout(**given)


def _alerting() -> Environment:
    """Errors are beyond what the rules of tests allow."""
    environment = make_project().environments.get(key="production")
    push(environment, "errors", (AT, 9))
    return environment


@scenario
def create_rule() -> Callable[[], object]:
    environment = _alerting()
    return lambda: make_rule(environment)


@scenario
def update_rule() -> Callable[[], object]:
    rule = make_rule(_alerting())
    return lambda: alerts.update_rule(rule_id=rule.pk, enabled=False, reason="walk", **WHO, **ANY_VERSION)


@scenario
def install_starter_rules() -> Callable[[], object]:
    pk = _alerting().pk
    return lambda: alerts.install_starter_rules(environment_id=pk, reason="walk", **WHO)


@scenario
def judge() -> Callable[[], object]:
    pk = make_rule(_alerting()).pk
    return lambda: alerts.judge(rule_id=pk, at=AT)


@scenario
def judge_due() -> Callable[[], object]:
    make_rule(_alerting())
    return lambda: alerts.judge_due(at=AT)


def _response() -> Response:
    environment = _alerting()
    make_flag(project=environment.project, key="checkout", on=True)
    make_rule(environment, response={"kind": "kill_flag", "flag": "checkout"})
    alerts.judge_due(at=AT)
    return Response.objects.latest("pk")


@scenario
def respond() -> Callable[[], object]:
    pk = _response().pk
    return lambda: alerts.respond(response_id=pk, at=AT)


@scenario
def respond_due() -> Callable[[], object]:
    _response()
    return lambda: alerts.respond_due(at=AT)


def _check(**fields: Any) -> dict[str, Any]:
    check = make_check(make_project().environments.get(key="production"), **fields)
    return {"check_id": check.pk, "reason": "walk", **WHO}


@scenario
def create_check() -> Callable[[], object]:
    environment = make_project().environments.get(key="production")
    return lambda: make_check(environment)


@scenario
def update_check() -> Callable[[], object]:
    given = _check()
    return lambda: monitoring.update_check(fields={"name": "New"}, **given, **ANY_VERSION)


@scenario
def pause_check() -> Callable[[], object]:
    given = _check()
    return lambda: monitoring.pause_check(**given)


@scenario
def resume_check() -> Callable[[], object]:
    given = _check(paused=True)
    return lambda: monitoring.resume_check(**given)


@scenario
def archive_check() -> Callable[[], object]:
    given = _check()
    return lambda: monitoring.archive_check(**given)


@scenario
def ask_for_run() -> Callable[[], object]:
    given = _check()
    return lambda: monitoring.ask_for_run(**given)


@scenario
def renew_ping_token() -> Callable[[], object]:
    pk = make_heartbeat(make_project().environments.get(key="production")).check.pk
    return lambda: monitoring.renew_ping_token(check_id=pk, reason="walk", **WHO)


@scenario
def report_check() -> Callable[[], object]:
    pk = _production(make_project())
    monitoring.make_partitions(at=AT)
    late: dict[str, Any] = {"key": "backup", "ok": False, "reason": "late", "expected_every": 60}
    return lambda: monitoring.report_check(environment_id=pk, at=AT, **late)


def services() -> Iterator[str]:
    """The name of every public function of every app's services, and of the floor's holds."""
    yield from _public(holds)
    for app in pkgutil.iter_modules(apps.__path__):
        if importlib.util.find_spec(f"apps.{app.name}.services") is None:
            continue
        yield from _public(importlib.import_module(f"apps.{app.name}.services"))


def _public(module: ModuleType) -> Iterator[str]:
    for name, found in inspect.getmembers(module, inspect.isfunction):
        if not name.startswith("_") and found.__module__.startswith(module.__name__):
            yield name


def test_every_service_has_a_scenario_or_a_stated_exemption() -> None:
    assert set(services()) == SCENARIOS.keys() | EXEMPT | NOT_WRITING


@pytest.mark.django_db
@pytest.mark.parametrize("name", SCENARIOS)
def test_service_leaves_an_audit_entry(name: str) -> None:
    call = SCENARIOS[name]()
    before = AuditEntry.objects.count()
    call()
    written = AuditEntry.objects.order_by("id")[before:]
    assert written, f"{name} wrote no audit entry"
    assert {(entry.actor_label, entry.at) for entry in written} == {(ITSELF.get(name, "tests"), AT)}
