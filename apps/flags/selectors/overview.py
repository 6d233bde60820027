"""Reads for whole pages: the list with its tabs, who changed what last, segments and their use, usage by the hour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from django.db.models import Count, Q, QuerySet, Sum

from apps.core.models import Environment, Project
from apps.flags.domain.audience import named_groups
from apps.flags.domain.engine.definitions import InvalidDefinition, Path, Rule
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.engine.segments import named_segments
from apps.flags.domain.references import WELL_KNOWN, attributes_in, attributes_of
from apps.flags.models import Flag, FlagState, FlagStateVersion, FlagUsage, Segment, SegmentMember
from apps.flags.selectors import definitions

TABS = {
    "on": Q(status=FlagState.Status.ON, rules=[]),
    "rolling-out": Q(status=FlagState.Status.ON) & ~Q(rules=[]),
    "off": Q(status=FlagState.Status.OFF),
    "killed": Q(status=FlagState.Status.KILLED),
}


def flags_in_tab(found: QuerySet[Flag], environment: Environment, tab: str) -> QuerySet[Flag]:
    """The flags whose state in `environment` belongs to one of TABS; every flag for another name."""
    if tab not in TABS:
        return found
    return found.filter(pk__in=FlagState.objects.filter(TABS[tab], environment=environment).values("flag"))


def tab_counts(found: QuerySet[Flag], environment: Environment) -> dict[str, int]:
    """How many of these flags each tab holds, and all of them as "all": one query."""
    states = FlagState.objects.filter(environment=environment, flag__in=found.order_by())
    counted = {name.replace("-", "_"): Count("pk", filter=of) for name, of in TABS.items()}
    counts = states.aggregate(all=Count("pk"), **counted)
    return {name.replace("_", "-"): count for name, count in counts.items()}


def tags_in_use(project: Project) -> list[str]:
    lists = Flag.objects.filter(project=project).exclude(tags=[]).values_list("tags", flat=True)
    return sorted({tag for tags in lists for tag in tags})


def near_keys(project: Project, key: str) -> list[str]:
    """Keys that were perhaps meant."""
    known = {known.lower(): known for known in Flag.objects.filter(project=project).values_list("key", flat=True)}
    return [known[match] for match in get_close_matches(key.lower(), known, n=5)]


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who made a state what it is, when and why."""

    actor: str
    kind: str
    reason: str
    at: datetime


def last_changes(states: Iterable[FlagState]) -> dict[int, LastChange]:
    """By state id, in one query. A flag that nobody touched since shows its creation."""
    rows = FlagStateVersion.objects.filter(state__in=[state.pk for state in states], valid_to=None)
    return {
        row.state_id: LastChange(row.entry.actor_label, row.entry.kind, row.entry.reason, row.valid_from)
        for row in rows.select_related("entry")
    }


def segment_in(project: Project, key: str) -> Segment | None:
    return Segment.objects.filter(project=project, key=key).select_related("project").first()


def members(segment: Segment, environment: Environment) -> list[str]:
    rows = SegmentMember.objects.filter(segment=segment, environment=environment)
    return list(rows.order_by("targeting_key").values_list("targeting_key", flat=True))


def member_counts(project: Project) -> dict[tuple[int, int], int]:
    """(segment id, environment id) to members."""
    rows = SegmentMember.objects.filter(segment__project=project)
    counted = rows.values_list("segment_id", "environment_id").annotate(Count("pk"))
    return {(segment, environment): count for segment, environment, count in counted}


@dataclass(frozen=True, slots=True)
class SegmentUses:
    """Whose rules name a segment."""

    states: list[FlagState] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


def segment_uses(project: Project) -> dict[str, SegmentUses]:
    """By segment key; a segment that nobody names is left out."""
    uses: dict[str, SegmentUses] = defaultdict(SegmentUses)
    states = FlagState.objects.filter(flag__project=project).exclude(rules=[])
    for state in states.select_related("flag", "environment").order_by("flag__key", "environment__position"):
        for key in named_groups(_rules(state)):
            uses[key].states.append(state)
    for segment in Segment.objects.filter(project=project, rule__isnull=False).order_by("key"):
        for key in dict.fromkeys(named_segments(definitions.segment_rule(segment))):
            uses[key].segments.append(segment)
    return dict(uses)


def segment_reach(project: Project, key: str) -> list[FlagState]:
    """The states whose rules name the segment, or one that names it, at any distance."""
    uses = segment_uses(project)
    reached, waiting = {key}, [key]
    while waiting:
        further = {one.key for one in uses.get(waiting.pop(), SegmentUses()).segments} - reached
        reached |= further
        waiting += further
    return list({state.pk: state for name in sorted(reached & uses.keys()) for state in uses[name].states}.values())


def attributes_in_use(project: Project) -> list[Path]:
    """Every attribute that a rule of the project's flags and segments reads, and those that every context may have."""
    states = FlagState.objects.filter(flag__project=project).exclude(rules=[])
    segments = Segment.objects.filter(project=project, rule__isnull=False)
    found = {path for state in states for path in attributes_of(_rules(state))}
    found |= {path for segment in segments for path in attributes_in(definitions.segment_rule(segment))}
    return [*WELL_KNOWN, *sorted(found - set(WELL_KNOWN))]


def usage_by_hour(flag: Flag, environment: Environment, *, since: datetime) -> dict[datetime, Mapping[str, int]]:
    """Hours that saw evaluations, each with its count by variant."""
    hours: dict[datetime, Counter[str]] = defaultdict(Counter)
    rows = FlagUsage.objects.filter(flag=flag, environment=environment, hour__gte=since).order_by("hour")
    for hour, variant, count in rows.values_list("hour", "variant").annotate(Sum("count")):
        hours[hour][variant] += count
    return dict(hours)


def _rules(state: FlagState) -> tuple[Rule, ...]:
    try:
        return parse_rules(state.rules)
    except InvalidDefinition:
        return ()
