"""Changes that need approval: proposing and approving, and the one table that says how each kind is applied."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from apps.core import approvals
from apps.core.audit import Actor
from apps.core.models import ChangeRequest
from apps.core.services import StaleVersion, check_version
from apps.flags.domain.access import Action
from apps.flags.domain.engine.reading import read_list, read_moment, read_object, read_text
from apps.flags.domain.members import MEMBERS_LIMIT
from apps.flags.domain.patches import check_texts, parse_change, parse_fields, parse_mode, parse_version
from apps.flags.domain.rollouts.patches import parse_plan
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.services import archiving, flags, members, rollouts, schedules, segments, states
from apps.flags.services.locking import lock_segment
from apps.flags.services.rehearsals import rehearse
from apps.flags.services.trail import place_of

Status = ChangeRequest.Status
Patch = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of change that may need approval. `apply` is the service itself, reading its change from a JSON patch:
    it takes the subject's id, the environment's id, the patch, and what every service wants to know besides."""

    action: Action  # whoever may do this may propose it
    subject: type[Flag] | type[FlagState] | type[Segment]
    apply: Callable[..., object]
    everywhere: bool = False  # in all environments at once


def _set_state(state_id: int, _: int, patch: Patch, **signed: Any) -> object:
    return states.set_state(state_id=state_id, change=parse_change(patch), **signed)


def _revert(state_id: int, _: int, patch: Patch, **signed: Any) -> object:
    return states.revert(state_id=state_id, to_version=parse_version(patch), **signed)


def _schedule(state_id: int, _: int, patch: Patch, **signed: Any) -> object:
    fields = read_object("patch", patch, {"apply_at", "change"})
    apply_at, change = read_moment("apply_at", fields["apply_at"]), parse_change(fields["change"], "change")
    return schedules.schedule_change(state_id=state_id, change=change, apply_at=apply_at, **signed)


def _update_flag(flag_id: int, _: None, patch: Patch, **signed: Any) -> object:
    return flags.update_flag(flag_id=flag_id, fields=parse_fields(patch, flags.EDITABLE), **signed)


def _set_members(segment_id: int, environment_id: int, patch: Patch, **signed: Any) -> object:
    fields = read_object("patch", patch, {"targeting_keys"}, optional={"mode"})
    given = read_list("targeting_keys", fields["targeting_keys"], MEMBERS_LIMIT, 0)
    keys = [read_text(*item, at_least=0) for item in given]
    where: dict[str, Any] = {"segment_id": segment_id, "environment_id": environment_id}
    return members.set_members(targeting_keys=keys, mode=parse_mode(fields.get("mode")), **where, **signed)


def _update_segment(segment_id: int, _: None, patch: Patch, **signed: Any) -> object:
    fields = read_object("patch", patch, (), optional=segments.EDITABLE)
    return segments.update_segment(segment_id=segment_id, fields=fields, **signed)


def _start_rollout(state_id: int, _: int, patch: Patch, **signed: Any) -> object:
    return rollouts.start_rollout(state_id=state_id, **parse_plan(patch), **signed)


def _archive(flag_id: int, _: None, patch: Patch, **signed: Any) -> object:
    read_object("patch", patch, ())
    return archiving.archive_flag(flag_id=flag_id, **signed)


def _restore(flag_id: int, _: None, patch: Patch, **signed: Any) -> object:
    read_object("patch", patch, ())
    return archiving.restore_flag(flag_id=flag_id, **signed)


# Another change that may need approval is one line here, and `approved` in its service.
OPERATIONS: Mapping[str, Operation] = {
    "flags.state_change": Operation(Action.CHANGE_STATE, FlagState, _set_state),
    "flags.revert": Operation(Action.CHANGE_STATE, FlagState, _revert),
    "flags.schedule": Operation(Action.CHANGE_STATE, FlagState, _schedule),
    "flags.rollout": Operation(Action.CHANGE_STATE, FlagState, _start_rollout),
    "flags.archive": Operation(Action.ARCHIVE, Flag, _archive, everywhere=True),
    "flags.restore": Operation(Action.ARCHIVE, Flag, _restore, everywhere=True),
    "flags.flag_change": Operation(Action.EDIT, Flag, _update_flag, everywhere=True),
    "flags.segment_change": Operation(Action.SET_RULE, Segment, _update_segment, everywhere=True),
    "flags.members_change": Operation(Action.SET_MEMBERS, Segment, _set_members),
}


def propose(
    *,
    kind: str,
    subject_id: int,
    environment_id: int | None,
    patch: Patch,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
) -> ChangeRequest:
    """Ask for approval of a change of one of OPERATIONS. Raises whatever the change itself would raise now, and
    ApprovalNotNeeded."""
    operation = OPERATIONS[kind]
    kept = json.loads(json.dumps(patch, cls=DjangoJSONEncoder))
    check_texts("patch", kept)
    signed = {"actor": actor, "reason": reason, "at": at, "expected_version": expected_version, "approved": True}
    with transaction.atomic():
        subject = _locked(operation.subject, subject_id)
        check_version(subject.version, expected_version)
        changed = rehearse(subject, lambda: operation.apply(subject_id, environment_id, kept, **signed))
        return approvals.open_request(
            kind=kind,
            subject=subject,
            **place_of(subject, environment_id),
            patch=kept,
            base_version=subject.version,
            changes=changed,
            actor=actor,
            reason=reason,
            at=at,
        )


def _locked(kind: type[Flag] | type[FlagState] | type[Segment], pk: int) -> Flag | FlagState | Segment:
    """As its own services lock it."""
    return lock_segment(pk) if kind is Segment else kind.objects.select_for_update().get(pk=pk)


def approve_request(*, request_id: int, actor: Actor, at: datetime, comment: str = "") -> ChangeRequest:
    """Consent. The last one that is needed applies the change, in the same transaction and in the author's name.

    Where the object moved on meanwhile, nothing is applied and the request is outdated. Raises what the ledger's
    vote raises, and what the change itself raises; then the vote does not count either.
    """
    with transaction.atomic():
        request = approvals.vote(request_id=request_id, actor=actor, approves=True, at=at, comment=comment)
        if not approvals.is_approved(request):
            return request
        status, note = Status.APPLIED, ""
        try:
            with transaction.atomic():
                _apply(request, at)
        except StaleVersion as stale:
            status = Status.OUTDATED
            note = f"Proposed on version {stale.expected}, it is at version {stale.found} by now. Propose it again."
        except schedules.TimeHasPassed:
            status, note = Status.OUTDATED, "Its time has passed. Propose it again."
        return approvals.close(request_id=request.pk, status=status, actor=actor, at=at, reason=note)


def _apply(request: ChangeRequest, at: datetime) -> None:
    approvers = request.votes.filter(approves=True).order_by("at", "id").values_list("voter_label", flat=True)
    OPERATIONS[request.kind].apply(
        int(request.subject_id),
        request.environment_id,
        request.patch,
        actor=approvals.author(request),
        reason=f"{request.reason} (approved by {', '.join(approvers)})".strip(),
        at=at,
        expected_version=request.base_version,
        approved=True,
    )
