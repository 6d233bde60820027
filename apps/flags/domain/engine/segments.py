"""Segments that name one another. Who is in one is told in facts.py and explain.py."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .definitions import All, Any, Compare, Condition, In, InSegment, Not, Nothing, Segment
from .graph import find_cycle


def named_segments(condition: Condition | None) -> Iterator[str]:
    """Every segment that the condition names at any depth, in reading order."""
    match condition:
        case InSegment(keys):
            yield from keys
        case Not(item):
            yield from named_segments(item)
        case All(items) | Any(items) | Nothing(items):
            for item in items:
                yield from named_segments(item)
        case In() | Compare() | None:
            return


def edges_of(segments: Mapping[str, Segment]) -> Mapping[str, tuple[str, ...]]:
    """Each segment to those its rule names."""
    return {key: tuple(named_segments(segment.when)) for key, segment in segments.items()}


def without_circles(segments: Mapping[str, Segment]) -> Mapping[str, Segment]:
    """The same segments; a rule that leads into a circle adds nobody. Saving refuses circles, so none is expected."""
    edges = edges_of(segments)
    if not any(edges.values()):
        return segments
    return {
        key: replace(segment, when=None) if edges[key] and find_cycle(edges, key) else segment
        for key, segment in segments.items()
    }
