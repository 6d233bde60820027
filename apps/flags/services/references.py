"""Segments that rules name: what is refused before it is saved. Private to services."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.graph import find_cycle, longest
from apps.flags.domain.engine.limits import MAX_SEGMENT_DEPTH
from apps.flags.domain.engine.parsing import dump_condition, parse_condition
from apps.flags.domain.engine.reading import Raw
from apps.flags.domain.engine.segments import named_segments
from apps.flags.domain.engine.validation import Problem
from apps.flags.domain.references import unknown_in_rules, unknown_segments
from apps.flags.models import FlagState, Segment
from apps.flags.selectors import definitions


def segment_problems(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    """Unknown segments in the rules of a flag. Rules that stay as they are were judged when they came: a kill, for
    example, must not fail because of them."""
    if not any(True for rule in flag.rules for _key in named_segments(rule.when)):
        return
    if FlagState.objects.filter(pk=state.pk, rules=state.rules).exists():
        return
    yield from unknown_in_rules(flag.rules, segment_keys(state.flag.project_id))


def checked_rule(segment: Segment, raw: object) -> Raw | None:
    """The rule as it is kept. Raises ValidationError with paths such as `rule.any[1].segment[0]`.

    The caller holds the project's lock, so that two changes at once cannot close a circle between them.
    """
    try:
        condition = parse_condition(raw, "rule")
    except InvalidDefinition as error:
        raise ValidationError({error.path: [error.message]}) from error
    if problems := dict(_rule_problems(segment, condition)):
        raise ValidationError({path: [message] for path, message in problems.items()})
    return dump_condition(condition)


def _rule_problems(segment: Segment, condition: engine.Condition | None) -> Iterator[Problem]:
    named = _named(condition)
    if not named:
        return
    yield from unknown_segments("rule", condition, {*segment_keys(segment.project_id), segment.key})
    edges = _edges(segment) | {segment.key: named}
    if circle := find_cycle(edges, segment.key):
        yield "rule", f"segments would name each other in a circle: {' → '.join(circle)}"
        return
    length = max(longest(edges, key) for key in edges if not find_cycle(edges, key))
    if length > MAX_SEGMENT_DEPTH:
        yield "rule", f"makes a row of {length} segments, each naming the next; at most {MAX_SEGMENT_DEPTH} are allowed"


def _edges(segment: Segment) -> dict[str, tuple[str, ...]]:
    """The other segments of the project, each with those its rule names."""
    rows = Segment.objects.filter(project_id=segment.project_id, rule__isnull=False).exclude(key=segment.key)
    return {row.key: _named(definitions.segment_rule(row)) for row in rows}


def _named(condition: engine.Condition | None) -> tuple[str, ...]:
    return tuple(key for key in named_segments(condition) if key != engine.EVERYONE)


def segment_keys(project_id: int) -> set[str]:
    return set(Segment.objects.filter(project_id=project_id).values_list("key", flat=True))
