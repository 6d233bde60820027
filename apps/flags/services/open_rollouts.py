"""A state that an open rollout plan holds: what is refused meanwhile, and how a kill stops it. Private to services.

Whoever calls this holds the states' locks, which stand for their plans too.
"""

import math
from collections.abc import Iterable
from datetime import datetime

from apps.core.audit import Actor
from apps.flags.models import FlagState, RolloutPlan
from apps.flags.services.trail import record


class FlagIsRollingOut(Exception):
    """A rollout plan changes this flag: take it over or end it before changing the flag by hand."""


def refuse_while_rolling_out(states: Iterable[FlagState]) -> None:
    if RolloutPlan.objects.open().filter(state__in=[state.pk for state in states]).exists():
        raise FlagIsRollingOut


def pause_for_kill(state: FlagState, *, actor: Actor, reason: str, at: datetime) -> None:
    """A running plan stops until somebody resumes it, whenever the kill is lifted."""
    plan = RolloutPlan.objects.filter(state=state, status=RolloutPlan.Status.RUNNING).first()
    if plan is not None:
        pause(plan, at)
        record("flags.rollout_paused", state, actor=actor, reason=reason, at=at)


def pause(plan: RolloutPlan, at: datetime) -> None:
    """The clock of the stage's hold stops."""
    left = (plan.due_at - at).total_seconds() if plan.due_at else 0
    plan.status, plan.due_at, plan.remaining_seconds = RolloutPlan.Status.PAUSED, None, max(0, math.ceil(left))
    plan.version += 1
    plan.save()
