"""Changes of a state at a set time: scheduling, cancelling, and applying what is due."""

import logging
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from apps.core import audit
from apps.core.audit import Actor
from apps.core.database import DATABASE_AWAY
from apps.core.domain.diff import Changes
from apps.core.models import AuditEntry
from apps.core.services import StaleVersion, check_version
from apps.flags.domain.patches import dump_change, parse_change
from apps.flags.domain.transitions import Change, NothingToChange
from apps.flags.models import FlagState, FlagStateVersion, ScheduledChange
from apps.flags.services import states
from apps.flags.services.locking import lock_state
from apps.flags.services.rehearsals import rehearse
from apps.flags.services.trail import record

logger = logging.getLogger(__name__)
ACTOR = audit.system("schedules")
Status = ScheduledChange.Status
OPEN = (Status.PENDING, Status.CONFLICT)


class TimeHasPassed(ValidationError):
    """A change is scheduled for later, not for earlier."""


class ScheduleIsOver(Exception):
    """It was applied or cancelled already."""


def schedule_change(
    *,
    state_id: int,
    change: Change,
    apply_at: datetime,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    approved: bool = False,
) -> ScheduledChange:
    """Make this change at `apply_at`, unless somebody changes the state before.

    Raises TimeHasPassed and what set_state raises, but NothingToChange only for an empty change: what is so now may
    not be so then.
    """
    if not change.given():
        raise NothingToChange
    if apply_at <= at:
        raise TimeHasPassed({"apply_at": ["Choose a time that is yet to come."]})
    with transaction.atomic():
        state = lock_state(state_id)
        how = {"actor": actor, "reason": reason, "at": at, "expected_version": expected_version, "approved": approved}
        changed = _rehearsed(state, change, **how)
        row = ScheduledChange.objects.create(
            state=state,
            apply_at=apply_at,
            patch=dump_change(change),
            base_version=state.version,
            approved=approved,
            reason=reason,
            author_kind=actor.kind,
            author_id=actor.id,
            author_label=actor.label[:150],
            created_at=at,
        )
        told: Changes = {"apply_at": [None, apply_at.isoformat()], **changed}
        record("flags.change_scheduled", state, actor=actor, reason=reason, at=at, changed=told)
    return row


def cancel_scheduled_change(
    *, schedule_id: int, actor: Actor, at: datetime, expected_version: int | None, reason: str = ""
) -> ScheduledChange:
    """Take it back before it is applied, or dismiss a conflict. Asks for no approval: what is served stays."""
    with transaction.atomic():
        row = ScheduledChange.objects.select_for_update().get(pk=schedule_id)
        check_version(row.version, expected_version)
        if row.status not in OPEN:
            raise ScheduleIsOver
        _settle(row, Status.CANCELLED)
        record("flags.schedule_cancelled", row.state, actor=actor, reason=reason, at=at, changed=_dropped(row))
    return row


def apply_due_changes(*, at: datetime) -> int:
    """Apply what is due, each in a transaction of its own; how many were settled. Any number of sweeps may run."""
    settled = 0
    while _settle_next(at):
        settled += 1
    return settled


def _settle_next(at: datetime) -> bool:
    with transaction.atomic():
        claimed = ScheduledChange.objects.due(at).select_for_update(of=("self",), skip_locked=True)
        row = claimed.select_related("state").first()
        if row is None:
            return False
        try:
            _apply(row, at)
        except DATABASE_AWAY:
            raise  # no database or a lock; the next sweep tries again
        except Exception as refusal:  # whatever it is, people look at it; it must not hold up the others
            logger.info("%s was not applied: %s", row, refusal)
            _settle(row, Status.CONFLICT, note=_told(row, refusal))
            record("flags.schedule_conflicted", row.state, actor=ACTOR, reason=row.note, at=at, changed=_dropped(row))
    return True


def _apply(row: ScheduledChange, at: datetime) -> None:
    try:
        with transaction.atomic():
            state = states.set_state(
                state_id=row.state_id,
                change=parse_change(row.patch),
                actor=Actor(AuditEntry.ActorKind(row.author_kind), row.author_id, row.author_label),
                reason=f"{row.reason} (as scheduled)".strip(),
                at=at,
                expected_version=row.base_version,
                approved=row.approved,
            )
    except NothingToChange:
        _settle(row, Status.APPLIED, at=at, note="It was like this already.")
        return
    _settle(row, Status.APPLIED, at=at)
    others = ScheduledChange.objects.pending().filter(state=row.state_id, base_version=row.base_version)
    others.update(base_version=state.version, version=F("version") + 1)


def _settle(row: ScheduledChange, status: str, *, at: datetime | None = None, note: str = "") -> None:
    row.status, row.applied_at, row.note = status, at, note
    row.version += 1
    row.save()


def _told(row: ScheduledChange, refusal: Exception) -> str:
    """Why not, in words: who was faster, or what the service said."""
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    if not isinstance(refusal, StaleVersion):
        return str(refusal) or type(refusal).__name__
    moved = FlagStateVersion.objects.filter(state=row.state_id, number=row.base_version + 1).select_related("entry")
    entry = moved.get().entry
    did = "killed" if entry.kind == "flags.killed" else "changed"
    versions = f"this stands on version {refusal.expected}, the flag is at version {refusal.found}"
    return f"{entry.actor_label} {did} the flag first: {versions}."


def _rehearsed(state: FlagState, change: Change, **how: Any) -> Changes:
    """What it would change now; nothing when it is like that already, which is no reason against it."""
    try:
        return rehearse(state, lambda: states.set_state(state_id=state.pk, change=change, **how))
    except NothingToChange:
        return {}


def _dropped(row: ScheduledChange) -> Changes:
    """For the audit trail: a time at which nothing happens any more."""
    return {"apply_at": [row.apply_at.isoformat(), None]}
