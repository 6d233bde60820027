"""Rollout plans: as the domain takes them, with what is known of their present stage, and lists for pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from apps.core import holds
from apps.core.audit import Actor
from apps.core.domain.holds import GuardVerdict
from apps.core.models import Environment, Project
from apps.flags.domain.rollouts.plans import Plan, Stage, others_of
from apps.flags.domain.rollouts.steps import Cause, Reason, Standing, Wait, next_step
from apps.flags.models import FlagState, FlagUsage, RolloutPlan, RolloutStage
from apps.flags.models.rollouts import RolloutPlanQuerySet
from apps.flags.selectors.definitions import past_serving


def rollouts(project: Project) -> RolloutPlanQuerySet:
    """Newest first, with stages, flag and environment: two queries, however many."""
    found = RolloutPlan.objects.filter(state__flag__project=project).with_stages()
    return found.select_related("state__flag", "state__environment").order_by("-id")


def rollouts_of(state: FlagState) -> RolloutPlanQuerySet:
    return rollouts(state.flag.project).filter(state=state)


def open_rollout(state: FlagState) -> RolloutPlan | None:
    """The plan that holds this state; it is loaded with the states of a flag."""
    return next((plan for plan in state.rollouts.all() if plan.status in RolloutPlan.OPEN), None)


def due(*, at: datetime) -> list[int]:
    """Ids of running plans whose present hold has been served, the longest overdue first."""
    running = RolloutPlan.objects.filter(status=RolloutPlan.Status.RUNNING, due_at__lte=at)
    return list(running.order_by("due_at", "id").values_list("pk", flat=True))


def plan_of(row: RolloutPlan) -> Plan:
    others = others_of(past_serving(row.base), row.variant)
    return Plan(row.variant, others, tuple(map(_stage, stages_of(row))), tuple(row.guards))


def standings(rows: Sequence[RolloutPlan], *, at: datetime) -> dict[int, Standing]:
    """By plan id, what is known of each open plan's present stage: few queries, however many plans."""
    verdicts = _verdicts(rows, at)
    counted = _evaluations([row for row in rows if present_stage(row).minimum_evaluations])
    return {
        row.pk: Standing(
            position=row.position,
            due_at=row.due_at or at + timedelta(seconds=row.remaining_seconds or 0),  # as if it went on now
            approved=present_stage(row).approved_at is not None,
            evaluations=max(0, counted.get(row.pk, 0) - row.evaluations_at_entry),
            verdicts=tuple(verdicts[row.state.environment_id, guard] for guard in row.guards),
            killed=row.state.status == FlagState.Status.KILLED,
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class ToldPlan:
    """A plan with what keeps it in its present stage; one that is over waits for nothing."""

    row: RolloutPlan
    reasons: tuple[Reason, ...] = ()
    verdicts: tuple[GuardVerdict, ...] = ()  # of its guards, in their order


def tell(rows: Sequence[RolloutPlan], *, at: datetime) -> list[ToldPlan]:
    """The same plans in their order: few queries, however many."""
    standing = standings([row for row in rows if row.status in RolloutPlan.OPEN], at=at)
    return [_told(row, standing[row.pk], at) if row.pk in standing else ToldPlan(row) for row in rows]


def present_stage(row: RolloutPlan) -> RolloutStage:
    """The one that is served, or was last."""
    return stages_of(row)[row.position]


def stages_of(row: RolloutPlan) -> list[RolloutStage]:
    """In their order, however the plan was loaded."""
    return sorted(row.stages.all(), key=lambda stage: stage.position)


def started_by(row: RolloutPlan, actor: Actor) -> bool:
    """People and keys are known by their ids, parts of the portal by their labels alone."""
    same = (row.started_by_kind, row.started_by_id) == (actor.kind, actor.id)
    return same and (actor.id is not None or row.started_by_label == actor.label[:150])


def evaluations_since(state: FlagState, at: datetime) -> int:
    """Counted from the beginning of that hour: usage is kept by the hour."""
    rows = FlagUsage.objects.filter(flag=state.flag_id, environment=state.environment_id, hour__gte=_hour(at))
    return rows.aggregate(total=Sum("count"))["total"] or 0


@dataclass(frozen=True, slots=True)
class StoppedRollout:
    """A running plan whose hold is over and that a person or a guard keeps from going on."""

    flag_key: str
    number: int  # of its stage, from 1
    stages: int
    since: datetime
    reason: Reason


def stopped_rollouts(environment: Environment, *, at: datetime) -> tuple[StoppedRollout, ...]:
    """Those that wait for an approval or a guard, the longest waiting first."""
    found = rollouts(environment.project).filter(state__environment=environment, pk__in=due(at=at))
    return tuple(
        StoppedRollout(one.row.state.flag.key, one.row.position + 1, len(one.row.stages.all()), since, reason)
        for one in tell(list(found.order_by("due_at", "id")), at=at)
        if (since := one.row.due_at) and (reason := _stopped_by(one.reasons))
    )


def _told(row: RolloutPlan, standing: Standing, at: datetime) -> ToldPlan:
    step = next_step(plan_of(row), standing, at)
    return ToldPlan(row, step.reasons if isinstance(step, Wait) else (), standing.verdicts)


def _stopped_by(reasons: tuple[Reason, ...]) -> Reason | None:
    """A red guard is told before a missing approval."""
    return next((reason for reason in reasons if reason.cause in (Cause.GUARD, Cause.APPROVAL)), None)


def _verdicts(rows: Sequence[RolloutPlan], at: datetime) -> dict[tuple[int, str], GuardVerdict]:
    """By environment id and guard."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        wanted[row.state.environment_id] |= set(row.guards)
    return {
        (environment_id, verdict.name): verdict
        for environment_id, guards in wanted.items()
        if guards
        for verdict in holds.verdicts(environment_id, sorted(guards), at)
    }


def _evaluations(rows: Sequence[RolloutPlan]) -> dict[int, int]:
    """By plan id, evaluations since the hour in which the present stage began."""
    if not rows:
        return {}
    usage = FlagUsage.objects.filter(
        flag__in={row.state.flag_id for row in rows},
        environment__in={row.state.environment_id for row in rows},
        hour__gte=_hour(min(row.entered_at for row in rows)),
    )
    counts = list(usage.values_list("flag_id", "environment_id", "hour").annotate(Sum("count")))
    return {
        row.pk: sum(
            count
            for flag, environment, hour, count in counts
            if (flag, environment) == (row.state.flag_id, row.state.environment_id) and hour >= _hour(row.entered_at)
        )
        for row in rows
    }


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _stage(row: RolloutStage) -> Stage:
    return Stage(
        name=row.name,
        groups=tuple(row.groups),
        weight=row.weight,
        hold_seconds=row.hold_seconds,
        needs_approval=row.needs_approval,
        minimum_evaluations=row.minimum_evaluations,
    )
