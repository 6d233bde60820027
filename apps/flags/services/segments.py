"""Groups of users: their names and rules. Who is in them is in members.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment
from apps.core.services import check_version, lock_project
from apps.flags.models import Segment
from apps.flags.services.consent import check_consent
from apps.flags.services.locking import lock_segment
from apps.flags.services.publishing import publish
from apps.flags.services.references import checked_rule
from apps.flags.services.trail import record
from apps.flags.services.versions import keep_segment_version

EDITABLE = ("name", "description", "rule")


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
