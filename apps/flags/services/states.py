"""Changing what an environment serves: set, kill, lift a kill, revert."""

from datetime import datetime

from django.db import transaction

from apps.core import approvals
from apps.core.audit import Actor
from apps.core.services import ReasonMissing, check_version
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, FlagStateVersion
from apps.flags.selectors import definitions
from apps.flags.services.locking import lock_state
from apps.flags.services.moves import locked_to_change, move
from apps.flags.services.open_rollouts import pause_for_kill


def set_state(
    *,
    state_id: int,
    change: Change,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    approved: bool = False,
) -> FlagState:
    """Turn on or off, change rules, default or off variant.

    Raises NothingToChange, FlagIsKilled, FlagIsRollingOut, FlagIsArchived, StaleVersion, InvalidFlag, ReasonMissing in
    a protected environment, and ApprovalRequired unless it is `approved`, which only an approved request makes it.
    """
    with transaction.atomic():
        state = locked_to_change(state_id, expected_version, reason, approved=approved)
        return move(
            state,
            lambda now: transitions.apply(now, change),
            kind="flags.state_changed",
            actor=actor,
            reason=reason,
            at=at,
        )


def kill(*, state_id: int, actor: Actor, reason: str, at: datetime) -> FlagState:
    """Serve the off variant to everyone, at once. Asks for no version and no approval, and pauses a rollout plan."""
    with transaction.atomic():
        state = move(lock_state(state_id), transitions.kill, kind="flags.killed", actor=actor, reason=reason, at=at)
        pause_for_kill(state, actor=actor, reason=reason, at=at)
    return state


def lift_kill(
    *,
    state_id: int,
    status: FlagStatus,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
) -> FlagState:
    """End a kill, turning the flag on or off. Always asks why.

    It restores what was there before the kill and was approved then, so it asks for no approval; a flag that was off
    comes back off, else a kill and its end together would turn it on unseen. Raises ApprovalRequired there.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        state = lock_state(state_id)
        check_version(state.version, expected_version)
        if status is FlagStatus.ON and not _was_on(state):
            approvals.refuse_unapproved([state.environment])
        return move(
            state,
            lambda now: transitions.lift_kill(now, status),
            kind="flags.kill_lifted",
            actor=actor,
            reason=reason,
            at=at,
        )


def revert(
    *,
    state_id: int,
    to_version: int,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    approved: bool = False,
) -> FlagState:
    """Serve what version `to_version` served. Raises what set_state raises, and FlagStateVersion.DoesNotExist."""
    with transaction.atomic():
        state = locked_to_change(state_id, expected_version, reason, approved=approved)
        kept = FlagStateVersion.objects.get(state=state, number=to_version)
        earlier = definitions.past_serving(kept.definition)
        return move(
            state,
            lambda now: transitions.revert(now, earlier),
            kind="flags.reverted",
            actor=actor,
            reason=reason,
            at=at,
        )


def _was_on(state: FlagState) -> bool:
    """Before it was killed."""
    before = FlagStateVersion.objects.filter(state=state).exclude(definition__status=FlagStatus.KILLED)
    last = before.order_by("-number").first()
    return last is not None and last.definition["status"] == FlagStatus.ON
