"""What conditions refer to by name: segments, each with its place, and attributes. Whether they exist is asked here."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from .engine.context import GROUPS, TARGETING_KEY
from .engine.definitions import (
    EVERYONE,
    All,
    Any,
    Compare,
    Condition,
    In,
    InSegment,
    Not,
    Nothing,
    Path,
    Rule,
    Split,
)
from .engine.validation import Problem

_GROUPS = {All: "all", Any: "any", Nothing: "none"}
_NEAR = 3  # names offered in place of an unknown one


def unknown_in_rules(rules: Iterable[Rule], known: Collection[str]) -> Iterator[Problem]:
    """Each segment that a rule names and that does not exist, with its path."""
    for n, rule in enumerate(rules):
        yield from unknown_segments(f"rules[{n}].when", rule.when, known)


def unknown_segments(path: str, condition: Condition | None, known: Collection[str]) -> Iterator[Problem]:
    for place, key in _placed_segments(path, condition):
        if key != EVERYONE:
            yield from unknown_segment(place, key, known)


def unknown_segment(place: str, key: str, known: Collection[str]) -> Iterator[Problem]:
    if key not in known:
        near = get_close_matches(key, known, n=_NEAR)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        yield place, f"there is no segment {key!r}{meant}"


def attributes_of(rules: Iterable[Rule]) -> Iterator[Path]:
    """Every attribute that the rules read, those that tell users apart included."""
    for rule in rules:
        yield from attributes_in(rule.when)
        if isinstance(rule.serve, Split):
            yield from (path for path in (rule.serve.by, rule.serve.fallback_by) if path is not None)


def attributes_in(condition: Condition | None) -> Iterator[Path]:
    match condition:
        case In(path) | Compare(path):
            yield path
        case Not(item):
            yield from attributes_in(item)
        case All(items) | Any(items) | Nothing(items):
            for item in items:
                yield from attributes_in(item)
        case InSegment() | None:
            return


WELL_KNOWN: tuple[Path, ...] = ((TARGETING_KEY,), (GROUPS,))


def _placed_segments(path: str, condition: Condition | None) -> Iterator[tuple[str, str]]:
    match condition:
        case InSegment(keys):
            yield from ((f"{path}.segment[{n}]", key) for n, key in enumerate(keys))
        case Not(item):
            yield from _placed_segments(f"{path}.not", item)
        case All(items) | Any(items) | Nothing(items):
            for n, item in enumerate(items):
                yield from _placed_segments(f"{path}.{_GROUPS[type(condition)]}[{n}]", item)
        case In() | Compare() | None:
            return
