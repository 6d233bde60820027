"""Groups of users and who is in them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet

from apps.core import approvals, audit
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Environment
from apps.core.services import check_version, lock_project
from apps.flags.domain.transitions import ReasonMissing
from apps.flags.models import Segment, SegmentMember
from apps.flags.services.publishing import publish
from apps.flags.services.segment_versions import keep_segment_version

MEMBERS_LIMIT = 100_000  # per segment and environment
TARGETING_KEY_LIMIT = 200  # characters


def create_segment(
    *,
    project_id: int,
    key: str,
    name: str,
    actor: Actor,
    at: datetime,
    description: str = "",
    reason: str = "",
) -> Segment:
    segment = Segment(project_id=project_id, key=key, name=name, description=description, created_at=at)
    with transaction.atomic():
        lock_project(project_id)
        segment.full_clean()
        segment.save()
        keep_segment_version(segment, at)
        audit.record(
            kind="flags.segment_created",
            subject=segment,
            project_id=project_id,
            actor=actor,
            at=at,
            reason=reason,
        )
        publish(Environment.objects.filter(project_id=project_id).values_list("pk", flat=True), at)
    return segment


def update_segment(
    *,
    segment_id: int,
    fields: Mapping[str, str],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
) -> Segment:
    """Change `name` or `description`; the key is what rules refer to and stays."""
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        check_version(segment.version, expected_version)
        before = {name: getattr(segment, name) for name in ("name", "description")}
        for name, value in before.items():
            setattr(segment, name, fields.get(name, value))
        changed = changes(before, {name: getattr(segment, name) for name in before})
        if changed:
            segment.version += 1
            segment.full_clean()
            segment.save()
            keep_segment_version(segment, at)
            audit.record(
                kind="flags.segment_changed",
                subject=segment,
                project_id=segment.project_id,
                actor=actor,
                at=at,
                reason=reason,
                changes=changed,
            )
    return segment


def set_members(
    *,
    segment_id: int,
    environment_id: int,
    targeting_keys: Iterable[str],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
    approved: bool = False,
) -> Segment:
    """Make exactly these the members in one environment. All or nothing; a bad line is named by its number.

    Raises ReasonMissing in a protected environment, and ApprovalRequired unless it is `approved`, which only an
    approved request makes it.
    """
    wanted = read_members(targeting_keys)
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        check_version(segment.version, expected_version)
        environment = Environment.objects.select_related("project").get(pk=environment_id)
        if not reason.strip() and environment.protected:
            raise ReasonMissing
        if not approved:
            approvals.refuse_unapproved([environment])
        added, removed = _replace_members(segment, environment_id, wanted, at)
        if not added and not removed:
            return segment
        segment.version += 1
        segment.save()
        audit.record(
            kind="flags.members_changed",
            subject=segment,
            project_id=segment.project_id,
            environment_id=environment_id,
            actor=actor,
            at=at,
            reason=reason,
            changes={"added": [None, added], "removed": [removed, None]},
        )
        publish([environment_id], at)
    return segment


def _replace_members(
    segment: Segment, environment_id: int, wanted: set[str], at: datetime
) -> tuple[list[str], list[str]]:
    """Who came and who went. Rows are closed, not deleted, so that the past can be read."""
    members = SegmentMember.objects.filter(segment=segment, environment_id=environment_id)
    present = set(members.present().values_list("targeting_key", flat=True))
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


def read_members(targeting_keys: Iterable[str]) -> set[str]:
    """The members that these lines name. Raises ValidationError naming each bad line."""
    lines = [line.strip() for line in targeting_keys]
    problems = [
        f"Line {number}: a targeting key has at most {TARGETING_KEY_LIMIT} characters."
        for number, line in enumerate(lines, 1)
        if len(line) > TARGETING_KEY_LIMIT
    ]
    wanted = {line for line in lines if line}
    if len(wanted) > MEMBERS_LIMIT:
        problems.append(f"A segment takes at most {MEMBERS_LIMIT:,} members in one environment.")
    if problems:
        raise ValidationError({"targeting_keys": problems})
    return wanted
