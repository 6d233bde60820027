"""Groups of users and who is in them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet

from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment
from apps.core.services import check_version, lock_project
from apps.flags.domain.members import MEMBERS_LIMIT, Mode, combined, read_lines
from apps.flags.models import Segment, SegmentMember
from apps.flags.services.consent import check_consent
from apps.flags.services.locking import lock_segment
from apps.flags.services.publishing import publish
from apps.flags.services.references import checked_rule
from apps.flags.services.trail import record
from apps.flags.services.versions import keep_segment_version

EDITABLE = ("name", "description", "rule")
AUDITED_MEMBERS = 1_000  # named one by one in the audit trail; more are counted


def create_segment(
    *,
    project_id: int,
    key: str,
    name: str,
    actor: Actor,
    at: datetime,
    description: str = "",
    rule: object = None,
    reason: str = "",
) -> Segment:
    """A segment without members. `rule` is a condition as JSON; nobody names the segment yet, so it reaches nobody."""
    segment = Segment(project_id=project_id, key=key, name=name, description=description, created_at=at)
    with transaction.atomic():
        lock_project(project_id)
        segment.full_clean()
        segment.rule = checked_rule(segment, rule)
        segment.save()
        keep_segment_version(segment, at)
        created: Changes = {"rule": [None, segment.rule]} if segment.rule else {}
        record("flags.segment_created", segment, actor=actor, reason=reason, at=at, changed=created)
        publish(_environments(segment).values_list("pk", flat=True), at)
    return segment


def update_segment(
    *,
    segment_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
    approved: bool = False,
) -> Segment:
    """Change any of EDITABLE; the key is what rules refer to and stays. `rule` is a condition as JSON, or None.

    When the rule changes, raises ReasonMissing if an environment is protected, and ApprovalRequired if one asks for
    approval, unless it is `approved`, which only an approved request makes it.
    """
    with transaction.atomic():
        segment = lock_segment(segment_id)
        check_version(segment.version, expected_version)
        before = _readable(segment)
        for name in EDITABLE:
            setattr(segment, name, fields.get(name, before[name]))
        segment.full_clean()
        if "rule" in fields:
            segment.rule = checked_rule(segment, fields["rule"])
        changed = changes(before, _readable(segment))
        if not changed:
            return segment
        if "rule" in changed:
            check_consent(_environments(segment).select_related("project"), reason, approved=approved)
        segment.version += 1
        segment.save()
        keep_segment_version(segment, at)
        record("flags.segment_changed", segment, actor=actor, reason=reason, at=at, changed=changed)
        if "rule" in changed:
            publish(_environments(segment).values_list("pk", flat=True), at)
    return segment


def _readable(segment: Segment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in EDITABLE}


def _environments(segment: Segment) -> QuerySet[Environment]:
    return Environment.objects.filter(project_id=segment.project_id)


def set_members(
    *,
    segment_id: int,
    environment_id: int,
    targeting_keys: Iterable[str],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    mode: Mode = Mode.REPLACE,
    reason: str = "",
    approved: bool = False,
) -> Segment:
    """Make exactly these the members in one environment, or add or remove these. All or nothing.

    Raises UnreadableMembers naming each bad line, TooManyMembers, ReasonMissing in a protected environment, and
    ApprovalRequired unless it is `approved`, which only an approved request makes it.
    """
    given = read_lines(targeting_keys)
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        check_version(segment.version, expected_version)
        environment = Environment.objects.select_related("project").get(pk=environment_id)
        check_consent([environment], reason, approved=approved)
        added, removed = _change_members(segment, environment_id, given, mode, at)
        if not added and not removed:
            return segment
        segment.version += 1
        segment.save()
        told: Changes = {"added": [None, _audited(added)], "removed": [_audited(removed), None]}
        record(
            "flags.members_changed",
            segment,
            actor=actor,
            reason=reason,
            at=at,
            changed=told,
            environment_id=environment_id,
        )
        publish([environment_id], at)
    return segment


class TooManyMembers(ValidationError):
    """The segment would have more than MEMBERS_LIMIT members in one environment."""

    def __init__(self) -> None:
        super().__init__({"targeting_keys": [f"A segment takes at most {MEMBERS_LIMIT:,} members in one environment."]})


def _change_members(
    segment: Segment, environment_id: int, given: set[str], mode: Mode, at: datetime
) -> tuple[list[str], list[str]]:
    """Who came and who went. Rows are closed, not deleted, so that the past can be read."""
    members = SegmentMember.objects.filter(segment=segment, environment_id=environment_id)
    present = set(members.present().values_list("targeting_key", flat=True))
    wanted = combined(present, given, mode)
    if len(wanted) > MEMBERS_LIMIT:
        raise TooManyMembers
    added, removed = sorted(wanted - present), sorted(present - wanted)
    moment = _not_before(members, at)
    members.present().filter(targeting_key__in=removed).update(valid_to=moment)
    SegmentMember.objects.bulk_create(
        SegmentMember(segment=segment, environment_id=environment_id, targeting_key=key, valid_from=moment)
        for key in added
    )
    return added, removed


def _not_before(members: QuerySet[SegmentMember], at: datetime) -> datetime:
    """`at` was read before the lock was had, so a change that waited may carry a time before the last one's."""
    last = members.aggregate(came=Max("valid_from"), went=Max("valid_to"))
    return max(at, last["came"] or at, last["went"] or at)


def _audited(keys: list[str]) -> list[str] | str:
    return keys if len(keys) <= AUDITED_MEMBERS else f"{len(keys):,} members"
