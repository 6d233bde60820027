"""Flags that wait for others: what is refused before it is saved. Private to services."""

from collections.abc import Iterable, Iterator

from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.graph import Edges, find_cycle, longest
from apps.flags.domain.engine.limits import MAX_PREREQUISITE_DEPTH
from apps.flags.domain.engine.validation import Problem
from apps.flags.models import FlagState, Ruleset
from apps.flags.selectors import definitions


def prerequisite_problems(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    """What is wrong between this flag and those it waits for. Holds the ruleset's lock from here on, so that two
    changes at once cannot close a circle between them."""
    if not flag.prerequisites:
        return
    Ruleset.objects.select_for_update().filter(pk=state.environment_id).first()
    yield from _missing(state, flag)
    edges = _edges(state) | {flag.key: [one.flag for one in flag.prerequisites]}
    if circle := find_cycle(edges, flag.key):
        yield "prerequisites", f"would wait for each other in a circle: {' → '.join(circle)}"
    elif (length := _longest_row(edges)) > MAX_PREREQUISITE_DEPTH:
        yield "prerequisites", f"make a row of {length} flags; at most {MAX_PREREQUISITE_DEPTH} are allowed"


def _longest_row(edges: Edges) -> int:
    """Wherever it begins: the flag may be in its middle."""
    return max(longest(edges, key) for key in edges if not find_cycle(edges, key))


def waiting_for(state: FlagState, variants: Iterable[str] = ()) -> list[str]:
    """Keys of the flags in this environment that wait for this one; with `variants`, for one of these."""
    wanted = set(variants)
    return [
        other.flag.key
        for other in _waiting(state)
        for one in other.prerequisites
        if one["flag"] == state.flag.key and (not wanted or wanted & set(one["variants"]))
    ]


def _missing(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    named = {one.flag for one in flag.prerequisites}
    rows = FlagState.objects.in_use().filter(environment_id=state.environment_id, flag__key__in=named)
    known = {
        row.flag.key: {variant.key for variant in definitions.variants(row.flag)}
        for row in rows.select_related("flag").prefetch_related("flag__variants")
    }
    for n, one in enumerate(flag.prerequisites):
        if one.flag not in known:
            yield f"prerequisites[{n}].flag", f"there is no flag {one.flag!r}"
            continue
        for m, variant in enumerate(one.variants):
            if variant not in known[one.flag]:
                yield f"prerequisites[{n}].variants[{m}]", f"{one.flag} has no variant {variant!r}"


def _edges(state: FlagState) -> dict[str, list[str]]:
    return {other.flag.key: [one["flag"] for one in other.prerequisites] for other in _waiting(state)}


def _waiting(state: FlagState) -> Iterable[FlagState]:
    """The other flags of the environment that have prerequisites."""
    rows = FlagState.objects.in_use().filter(environment_id=state.environment_id).exclude(prerequisites=[])
    return rows.exclude(flag=state.flag_id).select_related("flag")
