"""What was served at a past moment: flags from their kept versions, segments as their rules and members then were."""

import logging
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from apps.core.selectors import audit_of
from apps.flags.domain.engine import definitions as engine
from apps.flags.models import FlagState, FlagStateVersion, SegmentMember, SegmentVersion
from apps.flags.selectors import definitions

logger = logging.getLogger(__name__)
ARCHIVED, RESTORED = "flags.flag_archived", "flags.flag_restored"


def flag_at(state: FlagState, at: datetime) -> engine.Flag | None:
    """The flag as this state served it at `at`; None when it did not exist. Raises InvalidDefinition.

    What an environment variable locked at that moment is not kept anywhere, so no past flag has a lock.
    """
    version = FlagStateVersion.objects.held_at(at).filter(state=state).first()
    return version and definitions.past_flag(state.flag.key, version.number, version.definition)


def was_archived(state: FlagState, at: datetime) -> bool:
    """Read from the audit trail, as no version of a state tells it."""
    moves = audit_of("flags.flag", state.flag_id).filter(kind__in=(ARCHIVED, RESTORED), at__lte=at)
    last = moves.order_by("-at", "-id").first()
    return last is not None and last.kind == ARCHIVED


def began_at(state: FlagState) -> datetime:
    """When the state came to be."""
    first: FlagStateVersion = FlagStateVersion.objects.filter(state=state).earliest("number")
    return first.valid_from


def flags_at(environment_id: int, keys: Collection[str], at: datetime) -> tuple[engine.Flag, ...]:
    """Those of the environment's flags that `keys` names, that existed at `at` and that can be read."""
    rows = FlagStateVersion.objects.held_at(at).filter(state__environment_id=environment_id, state__flag__key__in=keys)
    return tuple(flag for row in rows.select_related("state__flag") if (flag := _readable(row)))


def segments_at(environment_id: int, at: datetime, *, holding: Collection[str]) -> tuple[engine.Segment, ...]:
    """Every segment that existed at `at`, with those of these users who were members then."""
    members: dict[int, set[str]] = defaultdict(set)
    rows = SegmentMember.objects.held_at(at).filter(environment_id=environment_id, targeting_key__in=holding)
    for segment_id, targeting_key in rows.values_list("segment_id", "targeting_key"):
        members[segment_id].add(targeting_key)
    versions = SegmentVersion.objects.held_at(at).filter(segment__project__environments=environment_id)
    return tuple(
        engine.Segment(row.segment.key, frozenset(members[row.segment_id]), definitions.segment_rule(row))
        for row in versions.select_related("segment").order_by("segment__key")
    )


def _readable(row: FlagStateVersion) -> engine.Flag | None:
    try:
        return definitions.past_flag(row.state.flag.key, row.number, row.definition)
    except engine.InvalidDefinition:
        logger.exception("version %s cannot be evaluated and is left out", row)
        return None
