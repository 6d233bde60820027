"""Rows that a change holds, always in this order, so that no two changes wait for each other: the project, the segment
or flag, its states, their rulesets. Private to services."""

from apps.core.services import lock_project
from apps.flags.domain.transitions import FlagIsArchived
from apps.flags.models import Flag, FlagState, Ruleset, Segment


def lock_segment(segment_id: int) -> Segment:
    """Before it its project, because a rule is judged among all segments of the project."""
    lock_project(Segment.objects.values_list("project_id", flat=True).get(pk=segment_id))
    return Segment.objects.select_for_update().get(pk=segment_id)


def lock_state(state_id: int) -> FlagState:
    """Raises FlagIsArchived. Archiving takes the same lock, so only what is read after it holds."""
    rows = FlagState.objects.select_for_update(of=("self",)).select_related("flag__project", "environment__project")
    state = rows.get(pk=state_id)
    if Flag.objects.filter(pk=state.flag_id).exclude(archived_at=None).exists():
        raise FlagIsArchived
    return state


def lock_states(flag: Flag) -> list[FlagState]:
    """The states of a locked flag and, so that no flag comes to wait for it meanwhile, their rulesets."""
    rows = FlagState.objects.select_for_update(of=("self",)).filter(flag=flag).order_by("pk")
    states = list(rows.select_related("environment__project"))
    for state in states:
        state.flag = flag
    environments = [state.environment_id for state in states]
    list(Ruleset.objects.select_for_update().filter(pk__in=environments).order_by("pk"))
    return states
