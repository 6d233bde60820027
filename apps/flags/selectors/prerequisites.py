"""Flags that wait for others in one environment: who waits for whom, and what is wrong with it."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.graph import Edges, find_cycle, longest
from apps.flags.domain.engine.limits import MAX_PREREQUISITE_DEPTH
from apps.flags.domain.engine.validation import Problem
from apps.flags.models import FlagState
from apps.flags.selectors import definitions


def prerequisite_problems(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    """What is wrong between this flag, as it shall become, and those it waits for; each at the prerequisite at
    fault."""
    if not flag.prerequisites:
        return
    yield from _missing(state, flag)
    edges = _edges(state) | {flag.key: [one.flag for one in flag.prerequisites]}
    if circle := find_cycle(edges, flag.key):
        at = next((n for n, one in enumerate(flag.prerequisites) if one.flag in circle), 0)
        yield f"prerequisites[{at}].flag", f"would wait for each other in a circle: {' → '.join(circle)}"
        return
    if (length := _longest_row(edges)) > MAX_PREREQUISITE_DEPTH:
        below = [longest(edges, one.flag) for one in flag.prerequisites]
        place = f"prerequisites[{below.index(max(below))}].flag"
        yield place, f"makes a row of {length} flags; at most {MAX_PREREQUISITE_DEPTH} are allowed"


def _longest_row(edges: Edges) -> int:
    """Wherever it begins: the flag may be in its middle."""
    return max(longest(edges, key) for key in edges if not find_cycle(edges, key))


def waiting_for(state: FlagState, variants: Iterable[str] = ()) -> list[str]:
    """Keys of the flags in this environment that wait for this one; with `variants`, for one of these."""
    wanted = set(variants)
    return [
        other.flag.key
        for other in _waiting(state).order_by("flag__key")
        for one in other.prerequisites
        if one["flag"] == state.flag.key and (not wanted or wanted & set(one["variants"]))
    ]


def held_back(state: FlagState) -> list[str]:
    """Keys of the flags that are on and serve their off variant to everyone while this one does: those that wait for
    another of its variants, and those that wait for them."""
    rows = list(_waiting(state).filter(status=FlagState.Status.ON))
    serves = {state.flag.key: state.off_variant}
    before = 0
    while len(serves) > before:
        before = len(serves)
        serves |= {row.flag.key: row.off_variant for row in rows if _is_held_back(row, serves)}
    return sorted(serves.keys() - {state.flag.key})


def _is_held_back(row: FlagState, serves: dict[str, str]) -> bool:
    return any(one["flag"] in serves and serves[one["flag"]] not in one["variants"] for one in row.prerequisites)


def _missing(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    named = {one.flag for one in flag.prerequisites}
    rows = FlagState.objects.in_use().filter(environment_id=state.environment_id, flag__key__in=named)
    known = {
        row.flag.key: [variant.key for variant in definitions.variants(row.flag)]
        for row in rows.select_related("flag").prefetch_related("flag__variants")
    }
    for n, one in enumerate(flag.prerequisites):
        if one.flag not in known:
            yield f"prerequisites[{n}].flag", f"there is no flag {one.flag!r}"
            continue
        for m, variant in enumerate(one.variants):
            if variant not in known[one.flag]:
                there_are = ", ".join(known[one.flag])
                yield f"prerequisites[{n}].variants[{m}]", f"{one.flag} has no variant {variant!r}, only {there_are}"


def _edges(state: FlagState) -> dict[str, list[str]]:
    return {other.flag.key: [one["flag"] for one in other.prerequisites] for other in _waiting(state)}


def _waiting(state: FlagState) -> QuerySet[FlagState]:
    """The other flags of the environment that have prerequisites."""
    rows = FlagState.objects.in_use().filter(environment_id=state.environment_id).exclude(prerequisites=[])
    return rows.exclude(flag=state.flag_id).select_related("flag")
