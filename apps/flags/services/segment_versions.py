"""The past of segments' rules. Private to services."""

from datetime import datetime

from apps.flags.models import Segment, SegmentVersion


def keep_segment_version(segment: Segment, at: datetime) -> None:
    """Close the present version and open the next one where the rule is another; never earlier than the one before.

    Call it with every saved segment, in the transaction that locked it.
    """
    present = SegmentVersion.objects.present().filter(segment=segment).first()
    if present and present.rule == segment.rule:
        return
    starts = max(at, present.valid_from) if present else at
    if present:
        present.valid_to = starts
        present.save(update_fields=["valid_to"])
    SegmentVersion.objects.create(segment=segment, number=segment.version, rule=segment.rule, valid_from=starts)
