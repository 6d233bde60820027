"""Rollout plans in a stated state."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.core import holds
from apps.core.audit import Actor
from apps.core.models import AuditEntry, Environment, Hold
from apps.flags import services
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.rollouts.templates import DEFAULT, TEMPLATES
from apps.flags.models import FlagState, RolloutPlan, Segment
from tests.factories.core import ACTOR, AT
from tests.factories.flags import make_segment

FOUR_WEEKS = TEMPLATES[DEFAULT].stages
WEEK = timedelta(weeks=1)
OTHER = Actor(AuditEntry.ActorKind.USER, 0, "somebody else")


def make_rollout(
    state: FlagState,
    *,
    stages: Sequence[Stage] = FOUR_WEEKS,
    guards: Sequence[str] = (),
    variant: str = "on",
    at: datetime = AT,
    position: int = 0,
    paused: bool = False,
    **fields: Any,
) -> RolloutPlan:
    """A running four-week plan; `position` says how many stages it has left behind, each skipped at `at`.

    The segments that its stages name are made unless they are there.
    """
    project = state.flag.project
    named = {group for stage in stages for group in stage.groups}
    for key in sorted(named - set(Segment.objects.filter(project=project).values_list("key", flat=True))):
        make_segment(project=project, key=key)
    given: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": at, "expected_version": None} | fields
    plan = services.start_rollout(state_id=state.pk, variant=variant, stages=stages, guards=guards, **given)
    for _stage in range(position):
        services.skip_stage(plan_id=plan.pk, **given)
    if paused:
        services.pause_rollout(plan_id=plan.pk, **given)
    return RolloutPlan.objects.get(pk=plan.pk)


def say(environment: Environment, guard: str, verdict: str = "GREEN", *, at: datetime = AT, days: int = 365) -> Hold:
    """A guard's verdict, long enough not to expire by itself."""
    until = at + timedelta(days=days)
    return holds.write(
        environment_id=environment.pk, guard=guard, verdict=verdict, reason="", valid_until=until, at=at, actor=ACTOR
    )
