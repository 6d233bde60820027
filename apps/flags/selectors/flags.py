"""Flags, states and history for pages and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment, Project
from apps.flags.models import Flag, FlagState, FlagStateVersion, RolloutPlan, Segment


def flags(
    project: Project,
    *,
    search: str = "",
    tag: str = "",
    status: str = "",
    environment: Environment | None = None,
    archived: bool | None = False,
) -> QuerySet[Flag]:
    """Flags by key, narrowed by text, tag, and their status in `environment`. `archived`: only those, or with None
    those as well."""
    found = Flag.objects.filter(project=project).select_related("owner", "project")
    if archived is not None:
        found = found.filter(archived_at__isnull=not archived)
    if search:
        found = found.filter(Q(key__icontains=search) | Q(name__icontains=search) | Q(description__icontains=search))
    if tag:
        found = found.filter(tags__contains=[tag])
    if status and environment:
        found = found.filter(states__environment=environment, states__status=status)
    return found.order_by("key")


def flags_with_states(found: QuerySet[Flag]) -> QuerySet[Flag]:
    """The same flags with variants and states of every environment: five queries, however many flags."""
    states = _with_life(FlagState.objects.all()).order_by("environment__position", "environment_id")
    return found.prefetch_related("variants", Prefetch("states", states))


def flag_in(project: Project, key: str) -> Flag | None:
    """Archived or not."""
    return flags_with_states(flags(project, archived=None)).filter(key=key).first()


def states_of(flag: Flag) -> QuerySet[FlagState]:
    states = _with_life(FlagState.objects.filter(flag=flag)).select_related("flag__project", "environment__project")
    return states.prefetch_related("flag__variants").order_by("environment__position", "environment_id")


def _with_life(states: QuerySet[FlagState]) -> QuerySet[FlagState]:
    """With all that `why_stale` reads of them: two queries more, however many states."""
    plans = Prefetch("rollouts", RolloutPlan.objects.open().with_stages())
    return states.select_related("environment", "activity").prefetch_related(plans)


@dataclass(frozen=True, slots=True)
class FlagVersion:
    """One version of a flag's state, with who made it, why, and what it changed."""

    number: int
    at: datetime
    until: datetime | None
    actor: str
    kind: str
    reason: str
    definition: Mapping[str, Any]
    changes: Changes


def versions(state: FlagState) -> QuerySet[FlagStateVersion]:
    """Newest first."""
    return FlagStateVersion.objects.filter(state=state).select_related("entry").order_by("-number")


def described(rows: Sequence[FlagStateVersion]) -> list[FlagVersion]:
    """Consecutive versions of one state, newest first, each with its changes against the one before it."""
    if not rows:
        return []
    last = FlagStateVersion.objects.filter(state=rows[-1].state_id, number=rows[-1].number - 1).first()
    earlier = [*(row.definition for row in rows[1:]), last.definition if last else {}]
    return [_version(row, before) for row, before in zip(rows, earlier, strict=True)]


def history(state: FlagState, *, limit: int = 50) -> list[FlagVersion]:
    return described(list(versions(state)[:limit]))


def segments(project: Project) -> QuerySet[Segment]:
    return Segment.objects.filter(project=project).select_related("project").order_by("key")


def _version(row: FlagStateVersion, before: Mapping[str, Any]) -> FlagVersion:
    return FlagVersion(
        number=row.number,
        at=row.valid_from,
        until=row.valid_to,
        actor=row.entry.actor_label,
        kind=row.entry.kind,
        reason=row.entry.reason,
        definition=row.definition,
        changes=changes(before, row.definition) if before else {},
    )
