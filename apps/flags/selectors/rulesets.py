"""What a node loads to evaluate: versions to compare, whole rulesets to compile."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.context import TARGETING_KEY
from apps.flags.domain.engine.explain import World, world
from apps.flags.domain.engine.text import is_storable
from apps.flags.models import FlagState, Ruleset, Segment, SegmentMember
from apps.flags.models.flags import FlagStateQuerySet
from apps.flags.selectors import definitions, past

logger = logging.getLogger(__name__)


Stamp = tuple[int, datetime]  # version, and when it was made: a restored database counts versions anew
StateStamp = tuple[int, str]  # the same of a state; only compared, so ten thousand moments stay as they are written


def ruleset_stamps() -> dict[int, Stamp]:
    """By environment id, of every environment that has flags."""
    rows = Ruleset.objects.values_list("environment_id", "version", "changed_at")
    return {environment_id: (version, at) for environment_id, version, at in rows}


def state_stamps(environment_id: int) -> dict[str, StateStamp]:
    """By flag key: what tells a flag that has to be compiled again."""
    rows = FlagState.objects.in_use().filter(environment_id=environment_id)
    moments = rows.annotate(moment=Cast("changed_at", TextField()))
    return {key: (version, at) for key, version, at in moments.values_list("flag__key", "version", "moment")}


def segment_versions(environment_id: int) -> dict[str, int]:
    """By segment key."""
    rows = Segment.objects.filter(project__environments=environment_id)
    return dict(rows.values_list("key", "version"))


def ruleset(environment_id: int) -> engine.Ruleset:
    """All flags and segments of an environment.

    The version is read first: a change that commits in between is loaded under the older number and
    loaded again at its own.
    """
    version = Ruleset.objects.filter(pk=environment_id).values_list("version", flat=True).first() or 0
    flags = _flags(FlagState.objects.filter(environment_id=environment_id))
    return engine.Ruleset(version=version, flags=flags, segments=segments_of(environment_id))


def flags_in(environment_id: int, keys: Collection[str]) -> tuple[engine.Flag, ...]:
    """Those of an environment's flags that `keys` names and that can be read."""
    return _flags(FlagState.objects.filter(environment_id=environment_id, flag__key__in=keys))


def segments_of(environment_id: int, *, holding: Collection[str] | None = None) -> tuple[engine.Segment, ...]:
    """Every segment of the environment's project with its members there.

    With `holding`, only those of these users who are members: enough to evaluate them alone.
    """
    members: dict[int, set[str]] = defaultdict(set)
    rows = SegmentMember.objects.present().filter(environment_id=environment_id)
    if holding is not None:
        rows = rows.filter(targeting_key__in=holding)
    for segment_id, targeting_key in rows.values_list("segment_id", "targeting_key"):
        members[segment_id].add(targeting_key)
    segments = Segment.objects.filter(project__environments=environment_id).order_by("key")
    return tuple(engine.Segment(row.key, frozenset(members[row.pk]), definitions.segment_rule(row)) for row in segments)


def world_around(
    flag: engine.Flag, environment_id: int, context: Mapping[str, object], *, at: datetime | None = None
) -> World:
    """All that decides what this flag answers this context: the flags that it waits for, and the segments. With
    `at`, all of it as it was at that moment."""
    known: dict[str, engine.Flag] = {}
    wanted = {one.flag for one in flag.prerequisites}
    while wanted:
        found = past.flags_at(environment_id, wanted, at) if at else flags_in(environment_id, wanted)
        known |= {one.key: one for one in found}
        wanted = {one.flag for other in found for one in other.prerequisites} - known.keys()
    unit = str(context.get(TARGETING_KEY, ""))
    holding = [unit] if is_storable(unit) else []
    if at:
        return world(tuple(known.values()), past.segments_at(environment_id, at, holding=holding))
    return world(tuple(known.values()), segments_of(environment_id, holding=holding))


def _flags(states: FlagStateQuerySet) -> tuple[engine.Flag, ...]:
    rows = states.in_use().select_related("flag").prefetch_related("flag__variants").order_by("flag__key")
    return tuple(flag for state in rows if (flag := _readable(state)))


def _readable(state: FlagState) -> engine.Flag | None:
    """One unreadable row must not take the other flags down."""
    try:
        return definitions.flag(state)
    except engine.InvalidDefinition:
        logger.exception("%s cannot be evaluated and is left out", state)
        return None
