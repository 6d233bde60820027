"""Reads for whole pages: the list with its tabs, who changed what last, segments and their use."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from django.db.models import CharField, Count, F, Func, Q, QuerySet

from apps.core.models import Environment, Project
from apps.flags.domain.audience import named_groups
from apps.flags.domain.engine.definitions import InvalidDefinition, Path, Rule
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.engine.segments import named_segments
from apps.flags.domain.references import WELL_KNOWN, attributes_in, attributes_of
from apps.flags.models import Flag, FlagState, FlagStateVersion, Segment, SegmentMember
from apps.flags.selectors import definitions
from apps.flags.selectors.staleness import is_stale

NEIGHBOURS = 200  # keys to either side that are compared with a mistyped one
TABS = {
    "on": Q(status=FlagState.Status.ON, rules=[]),
    "rolling-out": Q(status=FlagState.Status.ON) & ~Q(rules=[]),
    "off": Q(status=FlagState.Status.OFF),
    "killed": Q(status=FlagState.Status.KILLED),
}


def ids_in_tab(found: QuerySet[Flag], environment: Environment, tab: str, *, at: datetime) -> QuerySet[FlagState, int]:
    """Flag ids by key, of those whose state in `environment` belongs to this tab. Ids first and whole flags for one
    page of them: asked for both at once, PostgreSQL compares ten thousand flags with ten thousand states."""
    states = FlagState.objects.filter(_tabs(at)[tab], environment=environment, flag__in=found.order_by())
    return states.order_by("flag__key").values_list("flag_id", flat=True)


def tab_counts(found: QuerySet[Flag], environment: Environment, *, at: datetime) -> dict[str, int]:
    """How many of these flags each tab holds: one query."""
    states = FlagState.objects.filter(environment=environment, flag__in=found.order_by())
    counts = states.aggregate(**{name.replace("-", "_"): Count("pk", filter=of) for name, of in _tabs(at).items()})
    return {name.replace("_", "-"): count for name, count in counts.items()}


def _tabs(at: datetime) -> dict[str, Q]:
    """Every tab of the list, as a condition on states."""
    in_use = Q(flag__archived_at=None)
    by_status = {name: of & in_use for name, of in TABS.items()}
    return {"all": in_use, **by_status, "stale": is_stale(at), "archived": ~in_use}


def tags_in_use(project: Project) -> list[str]:
    each = Func(F("tags"), function="unnest", output_field=CharField())
    tags = Flag.objects.filter(project=project).annotate(tag=each).values_list("tag", flat=True)
    return list(tags.distinct().order_by("tag"))


def near_keys(project: Project, key: str) -> list[str]:
    """Keys that were perhaps meant, looked for where the key would stand in the alphabet."""
    keys = Flag.objects.filter(project=project).values_list("key", flat=True)
    around = (
        keys.filter(key__gte=key).order_by("key")[:NEIGHBOURS],
        keys.filter(key__lt=key).order_by("-key")[:NEIGHBOURS],
        keys.filter(key__iexact=key),
    )
    known = {known.lower(): known for some in around for known in some}
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
    rows = SegmentMember.objects.present().filter(segment=segment, environment=environment)
    return list(rows.order_by("targeting_key").values_list("targeting_key", flat=True))


def member_counts(project: Project) -> dict[tuple[int, int], int]:
    """(segment id, environment id) to members."""
    rows = SegmentMember.objects.present().filter(segment__project=project)
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
    states = FlagState.objects.in_use().filter(flag__project=project).exclude(rules=[])
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
    states = FlagState.objects.in_use().filter(flag__project=project).exclude(rules=[])
    segments = Segment.objects.filter(project=project, rule__isnull=False)
    found = {path for state in states for path in attributes_of(_rules(state))}
    found |= {path for segment in segments for path in attributes_in(definitions.segment_rule(segment))}
    return [*WELL_KNOWN, *sorted(found - set(WELL_KNOWN))]


def _rules(state: FlagState) -> tuple[Rule, ...]:
    try:
        return parse_rules(state.rules)
    except InvalidDefinition:
        return ()
