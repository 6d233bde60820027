"""A flag's state as those above see it who may have to stop it, and to take that back."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from apps.flags.models import FlagState, FlagStateVersion, RolloutPlan
from apps.flags.selectors.rollouts import open_rollout


@dataclass(frozen=True, slots=True)
class ChangedState:
    state_id: int
    key: str  # of the flag
    words: str  # as in "checkout-v2 in production"
    version: int
    changed_at: datetime
    is_killed: bool
    open_plan_id: int | None
    is_paused: bool  # the open plan


def changed_state(environment_id: int, key: str) -> ChangedState | None:
    """None when there is no such flag in use."""
    return _seen(FlagState.objects.in_use().filter(environment=environment_id, flag__key=key))


def state_now(state_id: int) -> ChangedState | None:
    """None when its flag is archived."""
    return _seen(FlagState.objects.in_use().filter(pk=state_id))


def was_on(state_id: int, version: int) -> bool:
    """Whether the state was on in this version."""
    kept = FlagStateVersion.objects.filter(state=state_id, number=version).first()
    return kept is not None and kept.definition["status"] == "on"


def _seen(rows: QuerySet[FlagState]) -> ChangedState | None:
    state = rows.select_related("flag", "environment").first()
    if state is None:
        return None
    plan = open_rollout(state)
    return ChangedState(
        state_id=state.pk,
        key=state.flag.key,
        words=str(state),
        version=state.version,
        changed_at=state.changed_at,
        is_killed=state.status == FlagState.Status.KILLED,
        open_plan_id=plan.pk if plan else None,
        is_paused=plan is not None and plan.status == RolloutPlan.Status.PAUSED,
    )
