"""Deployments as people steer them: approve, reject, cancel, pause, resume, go on, override, tick."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.core import approvals
from apps.core.approvals import AuthorCannotApprove, OnlyPeopleApprove
from apps.core.audit import Actor
from apps.core.models import AuditEntry, ChangeRequest
from apps.core.services import ReasonMissing
from apps.deployments.domain.gates import OVERRIDABLE, Gate
from apps.deployments.domain.moves import Move
from apps.deployments.domain.states import CANCELLABLE, LIVE, WAITING, State, Task, first_task
from apps.deployments.models import ChecklistTick, Deployment, Override
from apps.deployments.selectors.checklists import manual_items
from apps.deployments.selectors.gates import request_of
from apps.deployments.selectors.standing import standing
from apps.deployments.services import trail
from apps.deployments.services.locking import lock_to_change
from apps.deployments.services.moving import apply
from apps.deployments.services.nudging import nudge


class NotWaiting(Exception):
    """It started, or is over: there is nothing to approve or reject."""


class PlanChanged(Exception):
    """The plan is not the one that was looked at."""


class TooLateToCancel(Exception):
    """Users are on the new version, or were: roll it back instead."""


class NotLive(Exception):
    """Only what carries traffic can be paused or sent on."""


class NotPaused(Exception):
    """It is not paused, so there is nothing to resume."""


class NothingToApprove(Exception):
    """The present step needs no approval, or has it."""


class ApprovalMissing(Exception):
    """Somebody has to approve the present step before it can be left."""


class GateCannotBeOverridden(Exception):
    """Approvals are given, not overridden; and one deployment at a time is for the traffic's own sake."""


class NoSuchItem(Exception):
    """The checklist has no manual item of this key."""


def approve_deployment(
    *, deployment_id: int, actor: Actor, at: datetime, comment: str = "", plan_digest: str | None = None
) -> Deployment:
    """One person's consent to the plan with this digest; None: to the present one, whatever it is. Raises NotWaiting,
    PlanChanged, and what the ledger's vote raises."""
    with transaction.atomic():
        row, request = _asked(deployment_id, plan_digest)
        approvals.vote(request_id=request.pk, actor=actor, approves=True, at=at, comment=comment)
        return _wake(row, at)


def reject_deployment(
    *, deployment_id: int, actor: Actor, at: datetime, comment: str = "", plan_digest: str | None = None
) -> Deployment:
    """One person against it is enough. Takes and raises what approve_deployment does."""
    with transaction.atomic():
        row, request = _asked(deployment_id, plan_digest)
        approvals.reject(request_id=request.pk, actor=actor, at=at, comment=comment)
        return _to(row, State.REJECTED, at, actor, comment or "Rejected")


def cancel_deployment(
    *, deployment_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """Before any user met it. Raises TooLateToCancel, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state not in CANCELLABLE:
            raise TooLateToCancel
        return _to(row, State.CANCELLED, at, actor, reason or "Cancelled")


def pause_deployment(
    *, deployment_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """Stay at the present weight. Triggers still roll back. Raises NotLive, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state not in LIVE or row.state == State.PAUSED:
            raise NotLive
        return _to(row, State.PAUSED, at, actor, reason or "Paused by hand")


def resume_deployment(
    *, deployment_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """With the rest of the hold, or of the watch. Raises NotPaused, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state != State.PAUSED:
            raise NotPaused
        state = State(row.paused_from)
        until = at + timedelta(seconds=row.remaining_seconds or 0)
        holds = state is State.ROLLING and row.remaining_seconds is not None
        task = Task.HOLD if holds else first_task(state)
        watch = until if state is State.WATCHING else row.watch_until
        move = Move(state, task, row.position, reason or "Resumed", at, until if holds else None, watch)
        apply(row, move, at, actor=actor, reason=reason)
        nudge(row.pk)
    return row


def skip_step(
    *, deployment_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """On to the next step, or out of the watch, without waiting for time, judge or guards. Always says why. An approval
    is not skipped. Raises NotLive, ApprovalMissing, StaleVersion, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state not in LIVE:
            raise NotLive
        now = standing(row)
        rolling = State.WATCHING not in (row.state, row.paused_from)
        if rolling and now.step.needs_approval and not now.step_approved:
            raise ApprovalMissing
        apply(row, _skipped(row, reason, at), at, actor=actor, reason=reason)
        nudge(row.pk)
    return row


def approve_step(
    *, deployment_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """Let it leave its present step when the rest is served. For people, but not for who asked for it.

    Raises NothingToApprove, OnlyPeopleApprove, AuthorCannotApprove, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        now = standing(row)
        if row.state not in (State.ROLLING, State.PAUSED) or not now.step.needs_approval or now.step_approved:
            raise NothingToApprove
        if actor.kind != AuditEntry.ActorKind.USER:
            raise OnlyPeopleApprove
        if (row.requested_by_kind, row.requested_by_id) == (actor.kind, actor.id):
            raise AuthorCannotApprove
        row.step_approved_by_label = actor.label[:150]
        about = {"step": [None, now.step.words]}
        trail.record("deployments.step_approved", row, about, actor=actor, reason=reason, at=at)
        return _wake(row, at)


def override_gate(
    *, deployment_id: int, gate: str, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Deployment:
    """Let this deployment past one gate. Always says why. Raises GateCannotBeOverridden, NotWaiting, StaleVersion,
    ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    if gate not in OVERRIDABLE:
        raise GateCannotBeOverridden
    with transaction.atomic():
        row = lock_to_change(deployment_id, expected_version, reason)
        if row.state in Deployment.OVER:
            raise NotWaiting
        told = {"reason": reason, "by_label": actor.label[:150], "at": at}
        Override.objects.update_or_create(deployment=row, gate=gate, defaults=told)
        about = {"gate": [None, Gate(gate).value]}
        trail.record("deployments.gate_overridden", row, about, actor=actor, reason=reason, at=at)
        return _wake(row, at)


def tick_item(*, deployment_id: int, item: str, done: bool, actor: Actor, at: datetime) -> Deployment:
    """Somebody saw to a manual item of the checklist, or takes that back. Raises NoSuchItem."""
    with transaction.atomic():
        row = lock_to_change(deployment_id, None, "the item says what")
        if item not in manual_items(row):
            raise NoSuchItem
        if done:
            told = {"by_label": actor.label[:150], "at": at}
            _tick, changed = ChecklistTick.objects.get_or_create(deployment=row, item=item, defaults=told)
        else:
            changed = bool(row.ticks.filter(item=item).delete()[0])
        if changed:
            kind = "deployments.item_ticked" if done else "deployments.item_unticked"
            trail.record(kind, row, {"item": [None, item]}, actor=actor, reason="", at=at)
            _wake(row, at)
    return row


def _asked(deployment_id: int, plan_digest: str | None) -> tuple[Deployment, ChangeRequest]:
    """The locked deployment and its request for approval. Consent needs no reason, a rejection has its comment."""
    row = lock_to_change(deployment_id, None, "consent")
    request = request_of(row)
    if row.state not in WAITING or request is None:
        raise NotWaiting
    if plan_digest not in (None, row.plan_digest):
        raise PlanChanged
    return row, request


def _skipped(row: Deployment, reason: str, at: datetime) -> Move:
    plan, now = standing(row).plan, State(row.state)
    if now is State.WATCHING or row.paused_from == State.WATCHING:
        return Move(State.WATCHING, Task.SMOKE, row.position, reason, at, None, at)
    if row.position < len(plan.steps) - 1:
        return Move(State.ROLLING, Task.SHIFT, row.position + 1, reason, at, None, row.watch_until)
    return Move(State.WATCHING, Task.WATCH, row.position, reason, at, None, at + timedelta(seconds=plan.watch_seconds))


def _to(row: Deployment, state: State, at: datetime, actor: Actor, reason: str) -> Deployment:
    task = first_task(state)
    due = None if task is Task.NONE else at
    apply(
        row,
        Move(state, task, row.position, reason, due, row.hold_until, row.watch_until),
        at,
        actor=actor,
        reason=reason,
    )
    nudge(row.pk)
    return row


def _wake(row: Deployment, at: datetime) -> Deployment:
    row.due_at = min(row.due_at, at) if row.due_at else None
    row.version += 1
    row.save()
    nudge(row.pk)
    return row
