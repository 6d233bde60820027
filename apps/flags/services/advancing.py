"""Rollout plans going on by themselves. Any number of workers may sweep at once, and any of them may die."""

import logging
from datetime import datetime

from django.db import transaction

from apps.core import audit
from apps.core.database import DATABASE_AWAY
from apps.flags.domain.rollouts.steps import Wait, next_step
from apps.flags.models import FlagState, RolloutPlan
from apps.flags.selectors.rollouts import due, plan_of, standings
from apps.flags.services.stages import following_words, go_on

logger = logging.getLogger(__name__)
ACTOR = audit.system("rollout")


def advance_rollouts(*, at: datetime) -> int:
    """Every plan whose hold has been served and that nothing keeps goes on by one stage; returns how many did.

    Each in a transaction of its own: what a dying worker leaves undone is done by the next sweep.
    """
    return sum(_advanced(plan_id, at) for plan_id in due(at=at))


def advance_rollout(*, plan_id: int, at: datetime) -> bool:
    """Whether this plan went on. One that somebody else holds at the moment is left to them."""
    with transaction.atomic():
        row = _claimed(plan_id)
        if row is None or isinstance(next_step(plan_of(row), standings([row], at=at)[row.pk], at), Wait):
            return False
        go_on(row, kind="flags.rollout_advanced", actor=ACTOR, reason=following_words(row), at=at)
    return True


def _advanced(plan_id: int, at: datetime) -> bool:
    """A plan that cannot be served must not stop the others; without a database nothing can go on."""
    try:
        return advance_rollout(plan_id=plan_id, at=at)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("rollout plan %s cannot go on", plan_id)
        return False


def _claimed(plan_id: int) -> RolloutPlan | None:
    """The running plan with its state's lock; None when somebody else has that or the plan is not running."""
    states = FlagState.objects.select_for_update(of=("self",), skip_locked=True)
    state = states.select_related("flag__project", "environment__project").filter(rollouts=plan_id).first()
    row = RolloutPlan.objects.with_stages().filter(pk=plan_id, status=RolloutPlan.Status.RUNNING).first()
    if state is None or row is None:
        return None
    row.state = state
    return row
