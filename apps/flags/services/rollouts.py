"""Rollout plans as people steer them: start, pause, resume, skip, approve, roll back, take over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core.approvals import OnlyPeopleApprove
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import AuditEntry
from apps.core.services import ReasonMissing, check_reason, check_version
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.rollouts.plans import Plan, Stage, dump_stage, others_of
from apps.flags.domain.rollouts.problems import plan_problems
from apps.flags.domain.transitions import FlagIsKilled, Serving
from apps.flags.models import FlagState, RolloutPlan, RolloutStage
from apps.flags.selectors import definitions
from apps.flags.selectors.rollouts import plan_of, present_stage, started_by
from apps.flags.services.locking import lock_state
from apps.flags.services.moves import locked_to_change
from apps.flags.services.open_rollouts import pause
from apps.flags.services.references import segment_keys
from apps.flags.services.stages import end, go_on, open_stage, serve, serve_stage
from apps.flags.services.trail import record


class InvalidRollout(ValidationError):
    """The plan cannot start. `message_dict` maps each path, such as `stages[0].weight`, to its problems."""


class RolloutIsOver(Exception):
    """The plan was completed, rolled back or taken over; nothing can be done to it any more."""


class RolloutIsNotRunning(Exception):
    """The plan is paused; resume it first."""


class RolloutIsNotPaused(Exception):
    """The plan is running, so there is nothing to resume."""


class NothingToApprove(Exception):
    """The present stage needs no approval, or has it."""


class OwnRollout(Exception):
    """Somebody other than who started the plan has to approve its stages."""


class ApprovalMissing(Exception):
    """The present stage waits for an approval, which cannot be skipped."""


def start_rollout(
    *,
    state_id: int,
    variant: str,
    stages: Sequence[Stage],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    guards: Sequence[str] = (),
    approved: bool = False,
) -> RolloutPlan:
    """Serve the first stage now and the others by themselves; until the plan ends it alone changes the state.

    Raises InvalidRollout, FlagIsRollingOut, FlagIsKilled, StaleVersion, ReasonMissing where that is asked for, and
    ApprovalRequired unless it is `approved`, which only an approved request makes it.
    """
    with transaction.atomic():
        state = locked_to_change(state_id, expected_version, reason, approved=approved)
        base = definitions.serving(state)
        if base.status is FlagStatus.KILLED:
            raise FlagIsKilled
        plan = Plan(variant, others_of(base, variant), tuple(stages), tuple(guards))
        _check(plan, state)
        row = _new_plan(plan, state, base, actor, at)
        planned: Changes = {"guards": [None, list(guards)], "stages": [None, [dump_stage(stage) for stage in stages]]}
        open_stage(row, 0, at)
        serve_stage(row, kind="flags.rollout_started", actor=actor, reason=reason, at=at, more=planned)
    return row


def pause_rollout(
    *, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> RolloutPlan:
    """Stay in the present stage until somebody resumes the plan; the time left is kept."""
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        _refuse_paused(row)
        pause(row, at)
        record("flags.rollout_paused", row.state, actor=actor, reason=reason, at=at)
    return row


def resume_rollout(
    *, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> RolloutPlan:
    """Go on with the rest of the present stage's hold. Raises FlagIsKilled until the kill is lifted."""
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        if row.status != RolloutPlan.Status.PAUSED:
            raise RolloutIsNotPaused
        if row.state.status == FlagState.Status.KILLED:
            raise FlagIsKilled
        row.status, row.due_at = RolloutPlan.Status.RUNNING, at + timedelta(seconds=row.remaining_seconds or 0)
        row.remaining_seconds, row.version = None, row.version + 1
        row.save()
        serve_stage(row, kind="flags.rollout_resumed", actor=actor, reason=reason, at=at)
    return row


def skip_stage(*, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None) -> RolloutPlan:
    """On to the next stage, or to the end, without waiting for time, guards or evaluations. Always says why."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        _refuse_paused(row)
        stage = present_stage(row)
        if stage.needs_approval and stage.approved_at is None:
            raise ApprovalMissing
        go_on(row, kind="flags.stage_skipped", actor=actor, reason=reason, at=at)
    return row


def approve_stage(
    *, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> RolloutPlan:
    """Let the plan leave its present stage when the rest is served. For people, but not for who started it."""
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        stage = present_stage(row)
        if not stage.needs_approval or stage.approved_at is not None:
            raise NothingToApprove
        if started_by(row, actor):
            raise OwnRollout
        if actor.kind != AuditEntry.ActorKind.USER:
            raise OnlyPeopleApprove
        stage.approved_at, stage.approved_by_label = at, actor.label[:150]
        stage.save()
        row.version += 1
        row.save()
        approved = {"stage": [None, plan_of(row).stages[row.position].words]}
        record("flags.stage_approved", row.state, actor=actor, reason=reason, at=at, changed=approved)
    return row


def roll_back_rollout(
    *, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None = None
) -> RolloutPlan:
    """Serve exactly what was served before the plan started, at once and whatever it waits for. A kill stays."""
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        base = definitions.past_serving(row.base)
        end(row, RolloutPlan.Status.ROLLED_BACK, at)
        serve(
            row,
            lambda now: transitions.restore(now, base),
            kind="flags.rolled_back",
            actor=actor,
            reason=reason,
            at=at,
        )
    return row


def take_over_rollout(
    *, plan_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> RolloutPlan:
    """End the plan and keep what is served, so that the flag can be changed by hand."""
    with transaction.atomic():
        row = _locked_open(plan_id, expected_version, reason)
        end(row, RolloutPlan.Status.TAKEN_OVER, at)
        record("flags.rollout_taken_over", row.state, actor=actor, reason=reason, at=at)
    return row


def _locked_open(plan_id: int, expected_version: int | None, reason: str) -> RolloutPlan:
    """The plan, held by its state's lock as every change of either is."""
    state = lock_state(RolloutPlan.objects.values_list("state_id", flat=True).get(pk=plan_id))
    row = _with_state(RolloutPlan.objects.with_stages().get(pk=plan_id), state)
    if row.status not in RolloutPlan.OPEN:
        raise RolloutIsOver
    check_version(row.version, expected_version)
    check_reason([state.environment], reason)
    return row


def _with_state(row: RolloutPlan, state: FlagState) -> RolloutPlan:
    """The plan's state is the one that is locked."""
    row.state = state
    return row


def _refuse_paused(row: RolloutPlan) -> None:
    if row.status != RolloutPlan.Status.RUNNING:
        raise RolloutIsNotRunning


def _check(plan: Plan, state: FlagState) -> None:
    problems: dict[str, list[str]] = {}
    variants = [variant.key for variant in definitions.variants(state.flag)]
    for path, message in plan_problems(plan, variants, segment_keys(state.flag.project_id)):
        problems.setdefault(path, []).append(message)
    if problems:
        raise InvalidRollout(problems)


def _new_plan(plan: Plan, state: FlagState, base: Serving, actor: Actor, at: datetime) -> RolloutPlan:
    row = RolloutPlan.objects.create(
        state=state,
        variant=plan.variant,
        guards=list(plan.guards),
        base=transitions.readable(base),
        entered_at=at,
        due_at=at,
        started_at=at,
        started_by_kind=actor.kind,
        started_by_id=actor.id,
        started_by_label=actor.label[:150],
        version=0,
    )
    RolloutStage.objects.bulk_create(
        RolloutStage(plan=row, position=n, **dump_stage(stage)) for n, stage in enumerate(plan.stages)
    )
    return _with_state(RolloutPlan.objects.with_stages().get(pk=row.pk), state)
