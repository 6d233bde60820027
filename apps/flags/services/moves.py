"""How a state comes to serve something else: locked, judged, saved, audited, published. Private to services."""

from collections.abc import Callable
from datetime import datetime

from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.services import check_version
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import dump_overrides, dump_prerequisites, dump_rules
from apps.flags.domain.transitions import Serving
from apps.flags.models import FlagState
from apps.flags.selectors import definitions
from apps.flags.services.consent import check_consent
from apps.flags.services.locking import lock_state
from apps.flags.services.open_rollouts import refuse_while_rolling_out
from apps.flags.services.publishing import check, publish
from apps.flags.services.trail import record
from apps.flags.services.versions import keep_version


def locked_to_change(state_id: int, expected_version: int | None, reason: str, *, approved: bool) -> FlagState:
    state = lock_state(state_id)
    check_version(state.version, expected_version)
    check_consent([state.environment], reason, approved=approved)
    refuse_while_rolling_out([state])
    return state


def _write(state: FlagState, serving: Serving) -> None:
    state.status = serving.status.upper()
    state.rules = dump_rules(serving.rules)
    state.default_variant, state.off_variant = serving.default_variant, serving.off_variant
    state.prerequisites = dump_prerequisites(serving.prerequisites)
    state.overrides = dump_overrides(serving.overrides)


def move(
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
    if after.status is not FlagStatus.KILLED:  # a kill must not fail because of what it makes irrelevant
        check(state)
    state.save()
    changed = changes(transitions.readable(before), transitions.readable(after)) | (more or {})
    entry = record(kind, state, actor=actor, reason=reason, at=at, changed=changed)
    keep_version(state, entry=entry, at=at)
    publish([state.environment_id], at)
    return state
