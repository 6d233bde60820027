"""Changing what an environment serves: set, kill, lift a kill, revert."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.core import approvals, audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.services import check_version
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import dump_overrides, dump_prerequisites, dump_rules
from apps.flags.domain.transitions import Change, ReasonMissing, Serving
from apps.flags.models import FlagState, FlagStateVersion
from apps.flags.selectors import definitions
from apps.flags.services.archiving import refuse_archived
from apps.flags.services.open_rollouts import pause_for_kill, refuse_while_rolling_out
from apps.flags.services.publishing import check, keep_version, publish


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
        state = _locked_to_change(state_id, expected_version, reason, approved=approved)
        return _move(
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
        state = _move(_locked(state_id), transitions.kill, kind="flags.killed", actor=actor, reason=reason, at=at)
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
        state = _locked(state_id)
        check_version(state.version, expected_version)
        if status is FlagStatus.ON and not _was_on(state):
            approvals.refuse_unapproved([state.environment])
        return _move(
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
        state = _locked_to_change(state_id, expected_version, reason, approved=approved)
        kept = FlagStateVersion.objects.get(state=state, number=to_version)
        earlier = definitions.past_serving(kept.definition)
        return _move(
            state,
            lambda now: transitions.revert(now, earlier),
            kind="flags.reverted",
            actor=actor,
            reason=reason,
            at=at,
        )


def _locked(state_id: int) -> FlagState:
    states = FlagState.objects.select_for_update(of=("self",)).select_related("flag__project", "environment__project")
    state = states.get(pk=state_id)
    refuse_archived(state.flag_id)
    return state


def _locked_to_change(state_id: int, expected_version: int | None, reason: str, *, approved: bool) -> FlagState:
    state = _locked(state_id)
    check_version(state.version, expected_version)
    if state.environment.protected and not reason.strip():
        raise ReasonMissing
    if not approved:
        approvals.refuse_unapproved([state.environment])
    refuse_while_rolling_out([state])
    return state


def _was_on(state: FlagState) -> bool:
    """Before it was killed."""
    before = FlagStateVersion.objects.filter(state=state).exclude(definition__status=FlagStatus.KILLED)
    last = before.order_by("-number").first()
    return last is not None and last.definition["status"] == FlagStatus.ON


def _write(state: FlagState, serving: Serving) -> None:
    state.status = serving.status.upper()
    state.rules = dump_rules(serving.rules)
    state.default_variant, state.off_variant = serving.default_variant, serving.off_variant
    state.prerequisites = dump_prerequisites(serving.prerequisites)
    state.overrides = dump_overrides(serving.overrides)


def _move(
    state: FlagState,
    decide: Callable[[Serving], Serving],
    *,
    kind: str,
    actor: Actor,
    reason: str,
    at: datetime,
    more: Changes | None = None,
) -> FlagState:
    """`more` goes to the audit trail beside what changes in the state."""
    before = definitions.serving(state)
    after = decide(before)
    _write(state, after)
    state.changed_at, state.version = at, state.version + 1
    check(state)
    state.save()
    entry = audit.record(
        kind=kind,
        subject=state,
        project_id=state.flag.project_id,
        environment_id=state.environment_id,
        actor=actor,
        reason=reason,
        at=at,
        changes=changes(transitions.readable(before), transitions.readable(after)) | (more or {}),
    )
    keep_version(state, entry=entry, at=at)
    publish([state.environment_id], at)
    return state
