"""What a node loads to evaluate: versions to compare, whole rulesets to compile."""

import logging
from collections import defaultdict

from apps.flags.domain.engine import definitions as engine
from apps.flags.models import FlagState, Ruleset, Segment, SegmentMember
from apps.flags.selectors import definitions

logger = logging.getLogger(__name__)


def ruleset_versions() -> dict[int, int]:
    """Environment id to version, of every environment that has flags."""
    return dict(Ruleset.objects.values_list("environment_id", "version"))


def ruleset(environment_id: int) -> engine.Ruleset:
    """All flags and segments of an environment.

    The version is read first: a change that commits in between is loaded under the older number and
    loaded again at its own.
    """
    version = Ruleset.objects.filter(pk=environment_id).values_list("version", flat=True).first() or 0
    states = (
        FlagState.objects.filter(environment_id=environment_id)
        .select_related("flag")
        .prefetch_related("flag__variants")
    )
    flags = tuple(flag for state in states.order_by("flag__key") if (flag := _readable(state)))
    return engine.Ruleset(version=version, flags=flags, segments=segments_of(environment_id))


def segments_of(environment_id: int) -> tuple[engine.Segment, ...]:
    """Every segment of the environment's project with its members there."""
    members: dict[int, set[str]] = defaultdict(set)
    rows = SegmentMember.objects.filter(environment_id=environment_id)
    for segment_id, targeting_key in rows.values_list("segment_id", "targeting_key"):
        members[segment_id].add(targeting_key)
    segments = Segment.objects.filter(project__environments=environment_id).order_by("key")
    return tuple(engine.Segment(segment.key, frozenset(members[segment.pk])) for segment in segments)


def _readable(state: FlagState) -> engine.Flag | None:
    """One unreadable row must not take the other flags down."""
    try:
        return definitions.flag(state)
    except engine.InvalidDefinition:
        logger.exception("%s cannot be evaluated and is left out", state)
        return None
