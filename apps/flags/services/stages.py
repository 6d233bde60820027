"""How a plan comes from stage to stage, and its state's moves with it. Private to services."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.flags.domain import transitions
from apps.flags.domain.rollouts.plans import change_for
from apps.flags.domain.rollouts.steps import Advance, following
from apps.flags.domain.transitions import NothingToChange, Serving
from apps.flags.models import RolloutPlan
from apps.flags.selectors.rollouts import evaluations_since, plan_of, present_stage
from apps.flags.services.moves import move
from apps.flags.services.trail import record


def go_on(row: RolloutPlan, *, kind: str, actor: Actor, reason: str, at: datetime) -> None:
    """Into the next stage, whose whole hold begins now; after the last one the plan is complete."""
    plan, before = plan_of(row), stage_words(row)
    match following(plan, row.position):
        case Advance(position):
            _leave(row, at)
            open_stage(row, position, at)
            moved = {"stage": [before, stage_words(row)]}
            serve_stage(row, kind=kind, actor=actor, reason=reason, at=at, more=moved)
        case _:
            end(row, RolloutPlan.Status.COMPLETED, at)
            record("flags.rollout_completed", row.state, actor=actor, reason=reason, at=at)


def open_stage(row: RolloutPlan, position: int, at: datetime) -> None:
    row.position, row.entered_at = position, at
    stage = present_stage(row)
    row.due_at = at + timedelta(seconds=stage.hold_seconds)
    row.evaluations_at_entry = evaluations_since(row.state, at)
    row.version += 1
    row.save()
    stage.entered_at = at
    stage.save()


def end(row: RolloutPlan, status: RolloutPlan.Status, at: datetime) -> None:
    _leave(row, at)
    row.status, row.ended_at, row.due_at, row.remaining_seconds = status, at, None, None
    row.version += 1
    row.save()


def serve_stage(
    row: RolloutPlan, *, kind: str, actor: Actor, reason: str, at: datetime, more: Changes | None = None
) -> None:
    """What the plan's present stage says."""
    change = change_for(plan_of(row), row.position)
    serve(row, lambda now: transitions.apply(now, change), kind=kind, actor=actor, reason=reason, at=at, more=more)


def serve(
    row: RolloutPlan,
    decide: Callable[[Serving], Serving],
    *,
    kind: str,
    actor: Actor,
    reason: str,
    at: datetime,
    more: Changes | None = None,
) -> None:
    """Move the state as every change does; where it serves this already, only the plan's own change is recorded."""
    try:
        row.state = move(row.state, decide, kind=kind, actor=actor, reason=reason, at=at, more=more)
    except NothingToChange:
        record(kind, row.state, actor=actor, reason=reason, at=at, changed=more)


def stage_words(row: RolloutPlan) -> str:
    """As in "stage 2 of 4: 25 % of beta-testers"."""
    stages = plan_of(row).stages
    return f"stage {row.position + 1} of {len(stages)}: {stages[row.position].words}"


def following_words(row: RolloutPlan) -> str:
    """Where a plan goes from here, as the audit trail says it."""
    stages = plan_of(row).stages
    if row.position + 1 == len(stages):
        return "the last stage has been served"
    return f"stage {row.position + 2} of {len(stages)}: {stages[row.position + 1].words}"


def _leave(row: RolloutPlan, at: datetime) -> None:
    stage = present_stage(row)
    stage.left_at = at
    stage.save()
