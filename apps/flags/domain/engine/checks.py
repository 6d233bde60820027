"""One condition with all its parts, and why somebody is in a segment: read plainly, as the documentation tells it.
Only the comparison of two values is shared with the compiled path."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .context import GROUPS, TARGETING_KEY, InvalidContext, attribute, read_unit
from .definitions import EVERYONE, All, Any, Compare, Condition, In, InSegment, Not, Nothing, Scalar, Segment
from .explanation import Check, SegmentCheck
from .operators import holds, same


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the question is about, and when. Each segment is looked into once."""

    context: Mapping[str, object]
    at: float  # seconds since 1970
    segments: Mapping[str, Segment]  # without circles
    looked_into: dict[str, SegmentCheck] = field(default_factory=dict)  # in the order of first use

    @property
    def unit(self) -> str | None:
        try:
            return read_unit(self.context.get(TARGETING_KEY))
        except InvalidContext:
            return None


def check_condition(condition: Condition, asked: Asked) -> Check:
    match condition:
        case All(items) | Any(items) | Nothing(items):
            parts = tuple(check_condition(item, asked) for item in items)
            hits = sum(part.matched for part in parts)
            wanted = {All: hits == len(parts), Any: hits > 0, Nothing: hits == 0}
            return Check(condition, None, wanted[type(condition)], parts)
        case Not(item):
            part = check_condition(item, asked)
            return Check(condition, None, not part.matched, (part,))
        case InSegment(keys):
            hit = tuple(key for key in keys if _check_segment(key, asked).matched)
            return Check(condition, hit, bool(hit))
        case In() | Compare():
            actual = attribute(asked.context, condition.path)
            return Check(condition, actual, _matches(condition, actual, asked.at))


def _check_segment(key: str, asked: Asked) -> SegmentCheck:
    """A segment that is not defined has no members and no rule."""
    if key not in asked.looked_into:
        segment = asked.segments.get(key, Segment(key, frozenset()))
        asked.looked_into[key] = SegmentCheck(
            key,
            defined=key in asked.segments or key == EVERYONE,
            everyone=key == EVERYONE,
            claimed=_matches(In((GROUPS,), (key,)), asked.context.get(GROUPS), asked.at),
            member=asked.unit in segment.members,
            rule=None if segment.when is None else check_condition(segment.when, asked),
        )
    return asked.looked_into[key]


def _matches(condition: In | Compare, actual: object, at: float) -> bool:
    if isinstance(condition, Compare):
        return holds(condition, actual, at)
    if actual is None:
        return condition.if_missing
    candidates = actual if isinstance(actual, list | tuple) else [actual]
    return any(
        _equal(candidate, value, condition.ignore_case) for candidate in candidates for value in condition.values
    )


def _equal(actual: object, value: Scalar, ignore_case: bool) -> bool:
    if ignore_case and isinstance(actual, str) and isinstance(value, str):
        return actual.casefold() == value.casefold()
    return same(actual, value)
