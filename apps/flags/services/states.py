"""Changing what an environment serves: set, kill, lift a kill, revert."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.services import check_version
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import dump_overrides, dump_prerequisites, dump_rules
from apps.flags.domain.transitions import Change, ReasonMissing, Serving
from apps.flags.models import FlagState, FlagStateVersion
from apps.flags.selectors import definitions
from apps.flags.services.open_rollouts import pause_for_kill, refuse_while_rolling_out
from apps.flags.services.publishing import check, keep_version, publish


def set_state(
    *, state_id: int, change: Change, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> FlagState:
    """Turn on or off, change rules, default or off variant.

    Raises NothingToChange, FlagIsKilled, FlagIsRollingOut, StaleVersion, InvalidFlag, and ReasonMissing in a protected
    environment.
    """
    with transaction.atomic():
        state = _locked_to_change(state_id, expected_version, reason)
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
    """End a kill, turning the flag on or off. Always asks why."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        state = _locked(state_id)
        check_version(state.version, expected_version)
        return _move(
            state,
            lambda now: transitions.lift_kill(now, status),
            kind="flags.kill_lifted",
            actor=actor,
            reason=reason,
            at=at,
        )


def revert(
    *, state_id: int, to_version: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> FlagState:
    """Serve what version `to_version` served. Raises FlagStateVersion.DoesNotExist for an unknown one."""
    with transaction.atomic():
        state = _locked_to_change(state_id, expected_version, reason)
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
    return states.get(pk=state_id)


def _locked_to_change(state_id: int, expected_version: int | None, reason: str) -> FlagState:
    state = _locked(state_id)
    check_version(state.version, expected_version)
    if state.environment.protected and not reason.strip():
        raise ReasonMissing
    refuse_while_rolling_out([state])
    return state


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
