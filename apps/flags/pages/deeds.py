"""What a review can lead to: a change now, back to a version, or at a time. Each may be made or proposed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from apps.flags import services
from apps.flags.domain.patches import dump_change
from apps.flags.domain.rollouts.patches import dump_plan
from apps.flags.domain.rollouts.plans import Plan
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, RolloutPlan, ScheduledChange


@dataclass(frozen=True, slots=True)
class Deed:
    """A change of a state: the service that makes it, and as a proposal keeps it."""

    make: Callable[..., FlagState | RolloutPlan | ScheduledChange]
    kind: str
    patch: Mapping[str, Any]


def at_once(change: Change) -> Deed:
    return Deed(partial(services.set_state, change=change), "flags.state_change", dump_change(change))


def back(to_version: int) -> Deed:
    return Deed(partial(services.revert, to_version=to_version), "flags.revert", {"to_version": to_version})


def start(plan: Plan) -> Deed:
    given: dict[str, Any] = {"variant": plan.variant, "stages": plan.stages, "guards": plan.guards}
    return Deed(partial(services.start_rollout, **given), "flags.rollout", dump_plan(**given))


def at_a_time(change: Change, apply_at: datetime) -> Deed:
    patch = {"apply_at": apply_at.isoformat(), "change": dump_change(change)}
    return Deed(partial(services.schedule_change, change=change, apply_at=apply_at), "flags.schedule", patch)
