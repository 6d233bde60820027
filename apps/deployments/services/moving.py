"""Applying one move of the machine to its rows, with all that follows from it inside the portal. Private to services;
the caller holds the locks."""

from datetime import datetime, timedelta

from apps.core import approvals
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import ChangeRequest
from apps.deployments.domain.moves import Move
from apps.deployments.domain.plans import WATCH_AFTER_ROLLBACK_SECONDS
from apps.deployments.domain.rollback_methods import Method
from apps.deployments.domain.states import OVER, State, Task
from apps.deployments.models import Deployment, DeploymentStep, Rollback
from apps.deployments.selectors.gates import request_of
from apps.deployments.selectors.observed import health_of
from apps.deployments.services import trail

BAD = frozenset({State.FAILED_BEFORE_TRAFFIC, State.ROLLING_BACK, State.ROLLBACK_FAILED, State.PAUSED})


def apply(row: Deployment, move: Move, at: datetime, *, actor: Actor = trail.ITSELF, reason: str = "") -> None:
    """`reason` is a person's; the move itself says why in its words."""
    was, position = State(row.state), row.position
    other = move.state is not was
    if other or (move.task.value, move.position) != (row.task, position):
        close_step(row, move, at, failed=other and move.state in BAD)
        row.task_since, row.version = at, row.version + 1
    if move.state is State.PAUSED and other:
        _remember_place(row, was, at)
    row.state, row.task, row.position = move.state.value, move.task.value, move.position
    row.words = reason or move.words or ("" if other else row.words)  # what paused it stays to be read
    row.tries, row.due_at = move.tries, move.due_at
    row.hold_until, row.watch_until = move.hold_until, move.watch_until
    if move.position != position:
        row.step_approved_by_label = ""
    if other:
        _ENTERED.get(move.state, _nothing)(row, move, at, actor)
        if move.state in OVER:
            row.ended_at = at
    row.save()
    if other or move.position != position:
        _tell(row, was, at, actor, reason or move.words)


def start_step(row: Deployment, weight: int | None, at: datetime) -> None:
    """What is about to be done is written down before it is done."""
    DeploymentStep.objects.get_or_create(
        deployment=row,
        status=DeploymentStep.Status.RUNNING,
        defaults={
            "state": row.state,
            "task": row.task,
            "position": row.position,
            "weight": weight,
            "began_at": at,
        },
    )


def close_step(row: Deployment, move: Move, at: datetime, *, failed: bool) -> None:
    status = DeploymentStep.Status.FAILED if failed else DeploymentStep.Status.DONE
    row.steps.filter(status=DeploymentStep.Status.RUNNING).update(status=status, words=move.words, ended_at=at)


def _remember_place(row: Deployment, was: State, at: datetime) -> None:
    row.paused_from = was.value
    until = row.watch_until if was is State.WATCHING else row.hold_until
    row.remaining_seconds = max(0, round((until - at).total_seconds())) if until else None


def _nothing(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    pass


def _queued(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    _close_request(row, ChangeRequest.Status.APPLIED, at)


def _preparing(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    """From here on the target is this deployment's; what waited behind an older version is pointless now."""
    target = row.target
    names = sorted(target.slots.values_list("name", flat=True))
    row.base_slot = target.live_slot
    row.slot = next(name for name in names if name != row.base_slot)
    row.previous, row.started_at = target.live_release, at
    if row.hotfix:
        return
    for older in target.deployments.filter(state__in=Deployment.WAITING, pk__lt=row.pk).order_by("pk"):
        older.target = target
        words = f"{row.release} is newer and starts first"
        apply(older, Move(State.SUPERSEDED, Task.NONE, older.position, words, None), at)


def _rolling(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    row.paused_from, row.remaining_seconds = "", None
    if row.traffic_at is None:
        row.traffic_at = at
        row.health_before = health_of(row.target, row.base_slot, at)


def _watching(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    row.paused_from, row.remaining_seconds = "", None
    row.whole_at = row.whole_at or at


def _succeeded(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    row.health_after = health_of(row.target, row.slot, at)
    _live(row, row.slot, row.release_id)


def _rolling_back(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    """A person's rollback has its row already."""
    row.ended_at = None
    if move.alarm is not None:
        Rollback.objects.create(
            deployment=row,
            method=Rollback.Method.SWITCH,
            automatic=True,
            trigger=move.alarm.trigger[:100],
            reason=move.words,
            target_seconds=Method.SWITCH.target_seconds,
            asked_at=at,
            asked_by_label=actor.label[:150],
        )


def _rolled_back(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    row.health_after = health_of(row.target, row.base_slot, at)
    _live(row, row.base_slot, row.previous_id)
    row.rollbacks.filter(status=Rollback.Status.RUNNING).update(
        status=Rollback.Status.DONE,
        told=move.words,
        verified_at=at,
        watch_until=at + timedelta(seconds=WATCH_AFTER_ROLLBACK_SECONDS),
    )


def _outdated(row: Deployment, move: Move, at: datetime, actor: Actor) -> None:
    _close_request(row, ChangeRequest.Status.OUTDATED, at)


def _live(row: Deployment, slot: str, release_id: int | None) -> None:
    target = row.target
    target.live_slot, target.live_release_id = slot, release_id
    target.save(update_fields=["live_slot", "live_release"])


def _close_request(row: Deployment, status: ChangeRequest.Status, at: datetime) -> None:
    request = request_of(row)
    if request is not None and request.status == ChangeRequest.Status.PENDING:
        approvals.close(request_id=request.pk, status=status, actor=trail.ITSELF, at=at)


_ENTERED = {
    State.QUEUED: _queued,
    State.PREPARING: _preparing,
    State.ROLLING: _rolling,
    State.WATCHING: _watching,
    State.SUCCEEDED: _succeeded,
    State.ROLLING_BACK: _rolling_back,
    State.ROLLED_BACK: _rolled_back,
    State.CANCELLED: _outdated,
    State.SUPERSEDED: _outdated,
    State.EXPIRED: _outdated,
}


def _tell(row: Deployment, was: State, at: datetime, actor: Actor, reason: str) -> None:
    turned: Changes = {"state": [was.value, row.state]} if was.value != row.state else {}
    if row.state == Deployment.State.ROLLING:
        turned["weight"] = [None, row.plan["steps"][row.position]["weight"]]
    trail.record(f"deployments.{row.state.lower()}", row, turned, actor=actor, reason=reason, at=at)
