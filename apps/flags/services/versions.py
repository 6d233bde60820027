"""The past: kept versions of what states serve and of segments' rules. Private to services.

Each begins where the one before it ends, and never before that began: `at` was read before the lock was had, so a
change that waited may carry the earlier time.
"""

from datetime import datetime

from apps.core.models import AuditEntry
from apps.flags.models import FlagState, FlagStateVersion, Segment, SegmentVersion
from apps.flags.selectors import definitions


def keep_version(state: FlagState, *, entry: AuditEntry, at: datetime) -> None:
    """Close the present version and open the next one."""
    begins = _close(FlagStateVersion.objects.present().filter(state=state).first(), at)
    FlagStateVersion.objects.create(
        state=state, number=state.version, definition=definitions.whole(state), valid_from=begins, entry=entry
    )


def keep_segment_version(segment: Segment, at: datetime) -> None:
    """Close the present version and open the next one where the rule is another.

    Call it with every saved segment, in the transaction that locked it.
    """
    present = SegmentVersion.objects.present().filter(segment=segment).first()
    if present and present.rule == segment.rule:
        return
    begins = _close(present, at)
    SegmentVersion.objects.create(segment=segment, number=segment.version, rule=segment.rule, valid_from=begins)


def _close(present: FlagStateVersion | SegmentVersion | None, at: datetime) -> datetime:
    """When it ended; `at` where there was none."""
    if present is None:
        return at
    present.valid_to = max(at, present.valid_from)
    present.save(update_fields=["valid_to"])
    return present.valid_to
