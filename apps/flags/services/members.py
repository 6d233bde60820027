"""Who is in a segment in one environment."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet

from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import Environment
from apps.core.services import check_version
from apps.flags.domain.members import MEMBERS_LIMIT, Mode, combined, read_lines
from apps.flags.models import Segment, SegmentMember
from apps.flags.services.consent import check_consent
from apps.flags.services.publishing import publish
from apps.flags.services.trail import record

AUDITED_MEMBERS = 1_000  # named one by one in the audit trail; more are counted


class TooManyMembers(ValidationError):
    """The segment would have more than MEMBERS_LIMIT members in one environment."""

    def __init__(self) -> None:
        super().__init__({"targeting_keys": [f"A segment takes at most {MEMBERS_LIMIT:,} members in one environment."]})


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
