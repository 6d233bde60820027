"""Asking for a deployment, changing its plan while it waits, and recording one that was done elsewhere."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import approvals
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import ChangeRequest
from apps.core.services import ReasonMissing, check_reason
from apps.deployments.domain.plans import Plan, Step, Strategy, dump_plan, steps_of
from apps.deployments.domain.plans import parse_steps as _steps
from apps.deployments.domain.states import State, Task
from apps.deployments.models import Deployment, Release, Target
from apps.deployments.selectors.gates import START, approvals_needed, request_of
from apps.deployments.services import trail
from apps.deployments.services.locking import lock_target, lock_to_change
from apps.deployments.services.nudging import nudge


class InvalidDeployment(ValidationError):
    """`message_dict` maps each field to its problems."""


class PlanIsFixed(Exception):
    """It has started; its plan changes no more. Pause it, go on by hand, or roll it back."""


def request_deployment(
    *,
    target_id: int,
    release_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    strategy: str = "",
    steps: tuple[Step, ...] = (),
    watch_seconds: int | None = None,
    scheduled_at: datetime | None = None,
    hotfix: bool = False,
    idempotency_key: str = "",
) -> Deployment:
    """Into the gates, and by itself from there. The same key again is the same deployment. `reason` is its message; a
    hotfix always says why. Raises InvalidDeployment, ReasonMissing."""
    with transaction.atomic():
        target = lock_target(target_id)
        if known := _asked_before(target, idempotency_key):
            return known
        check_reason([target.environment], reason)
        if hotfix and not reason.strip():
            raise ReasonMissing
        release = Release.objects.get(pk=release_id)
        _check(target, release, scheduled_at, at)
        plan = _plan(target, strategy, steps, watch_seconds)
        row = _row(target, release, plan, actor, at)
        row.message, row.idempotency_key = reason, idempotency_key
        row.hotfix, row.scheduled_at = hotfix, scheduled_at
        row.save()
        _ask(row, actor, reason, at)
        planned: Changes = {
            "version": [str(target.live_release or ""), release.number],
            "plan": [None, dump_plan(plan)],
        }
        kind = "deployments.hotfix_requested" if hotfix else "deployments.requested"
        trail.record(kind, row, planned, actor=actor, reason=reason, at=at)
        nudge(row.pk)
    return row


def change_plan(
    *,
    deployment_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    strategy: str = "",
    steps: tuple[Step, ...] = (),
    watch_seconds: int | None = None,
    scheduled_at: datetime | None = None,
) -> Deployment:
    """Whoever approved did not approve this: another plan is asked for anew. Raises PlanIsFixed, InvalidDeployment,
    StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state not in Deployment.WAITING:
            raise PlanIsFixed
        _check(row.target, row.release, scheduled_at, at)
        plan, before = _plan(row.target, strategy, steps, watch_seconds), row.plan
        same = plan.digest == row.plan_digest
        row.plan, row.plan_digest, row.strategy = dump_plan(plan), plan.digest, plan.strategy.value
        row.scheduled_at = scheduled_at
        row.state, row.task, row.task_since, row.due_at = State.CHECKING.value, Task.GATES.value, at, at
        row.version += 1
        row.save()
        if not same:
            _void(row, at)
            _ask(row, actor, reason, at)
        planned = {"plan": [before, row.plan]}
        trail.record("deployments.plan_changed", row, planned, actor=actor, reason=reason, at=at)
        nudge(row.pk)
    return row


def record_deployment(
    *,
    target_id: int,
    release_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    succeeded: bool = True,
    started_at: datetime | None = None,
    idempotency_key: str = "",
) -> Deployment:
    """One that somebody else carried out: nothing is moved, asked or judged here. Raises InvalidDeployment."""
    with transaction.atomic():
        target = lock_target(target_id)
        if known := _asked_before(target, idempotency_key):
            return known
        release = Release.objects.get(pk=release_id)
        _check(target, release, None, at)
        row = _row(target, release, _plan(target, "", (), None), actor, at)
        row.message, row.idempotency_key = reason, idempotency_key
        began = min(started_at or at, at)
        row.elsewhere, row.previous, row.slot, row.base_slot = True, target.live_release, "", ""
        row.started_at = row.traffic_at = began
        row.ended_at, row.due_at, row.task = at, None, Task.NONE.value
        row.state = State.SUCCEEDED.value if succeeded else State.ROLLED_BACK.value
        row.save()
        if succeeded:
            target.live_release = release
            target.save(update_fields=["live_release"])
        changed = {"version": [str(row.previous or ""), release.number]}
        trail.record("deployments.recorded", row, changed, actor=actor, reason=reason, at=at)
    return row


def _asked_before(target: Target, idempotency_key: str) -> Deployment | None:
    return target.deployments.filter(idempotency_key=idempotency_key).first() if idempotency_key else None


def _check(target: Target, release: Release, scheduled_at: datetime | None, at: datetime) -> None:
    problems = {}
    if release.service_id != target.service_id:
        problems["release"] = [f"{release} is a version of another service"]
    if scheduled_at is not None and scheduled_at <= at:
        problems["scheduled_at"] = ["must be in the future; leave it out to start as soon as the gates open"]
    if problems:
        raise InvalidDeployment(problems)


def _plan(target: Target, strategy: str, steps: tuple[Step, ...], watch_seconds: int | None) -> Plan:
    chosen = Strategy(strategy or target.strategy)
    watch = target.watch_seconds if watch_seconds is None else watch_seconds
    return Plan(chosen, steps_of(chosen, steps or _steps(target.steps)), watch)


def _row(target: Target, release: Release, plan: Plan, actor: Actor, at: datetime) -> Deployment:
    return Deployment(
        target=target,
        release=release,
        strategy=plan.strategy.value,
        plan=dump_plan(plan),
        plan_digest=plan.digest,
        task_since=at,
        due_at=at,
        requested_at=at,
        requested_by_kind=actor.kind,
        requested_by_id=actor.id,
        requested_by_label=actor.label[:150],
    )


def _ask(row: Deployment, actor: Actor, reason: str, at: datetime) -> None:
    """A request in the ledger, bound to the plan, where anybody has to be asked."""
    if not approvals_needed(row):
        return
    approvals.open_request(
        kind=START,
        subject=row,
        project_id=row.target.service.project_id,
        environment_id=row.target.environment_id,
        patch={"plan": row.plan_digest},
        base_version=row.version,
        changes={"version": [str(row.target.live_release or ""), row.release.number], "plan": [None, row.plan]},
        actor=actor,
        reason=reason,
        at=at,
    )


def _void(row: Deployment, at: datetime) -> None:
    request = request_of(row)
    if request is not None and request.status == ChangeRequest.Status.PENDING:
        status = ChangeRequest.Status.OUTDATED
        approvals.close(request_id=request.pk, status=status, actor=trail.ITSELF, at=at, reason="The plan changed.")
