"""A flag's state as those above see it who may have to stop it."""

from dataclasses import dataclass
from datetime import datetime

from apps.flags.models import FlagState
from apps.flags.selectors.rollouts import open_rollout


@dataclass(frozen=True, slots=True)
class ChangedState:
    state_id: int
    words: str  # as in "checkout-v2 in production"
    changed_at: datetime
    is_killed: bool
    open_plan_id: int | None


def changed_state(environment_id: int, key: str) -> ChangedState | None:
    """None when there is no such flag in use."""
    rows = FlagState.objects.in_use().filter(environment=environment_id, flag__key=key)
    state = rows.select_related("flag", "environment").first()
    if state is None:
        return None
    plan = open_rollout(state)
    killed = state.status == FlagState.Status.KILLED
    return ChangedState(state.pk, str(state), state.changed_at, killed, plan.pk if plan else None)
