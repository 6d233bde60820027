"""Why a flag answers what it answers, step by step: the rules read plainly, as the documentation tells them.
Only the comparison of two values is shared with the compiled path, so that each can be checked against the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .branches import unit_paths
from .bucketing import bucket
from .compiler import circle_words
from .context import GROUPS, TARGETING_KEY, InvalidContext, attribute, bad_unit, no_unit, read_unit, unit_at
from .definitions import (
    EVERYONE,
    All,
    Any,
    Compare,
    Condition,
    Fixed,
    Flag,
    FlagStatus,
    FlagType,
    In,
    InSegment,
    Not,
    Nothing,
    Scalar,
    Segment,
    Split,
    Window,
    by_key,
)
from .explanation import Cause, Check, Explanation, Placement, PrerequisiteCheck, RuleCheck, Share
from .graph import find_cycle
from .operators import holds, same
from .outcome import ErrorCode, Reason
from .segments import without_circles
from .validation import validate_flag


@dataclass(frozen=True, slots=True)
class World:
    """What a flag is evaluated among: the flags that it may wait for, and the segments its rules name."""

    flags: Mapping[str, Flag]
    segments: Mapping[str, Segment]


def world(flags: tuple[Flag, ...], segments: tuple[Segment, ...]) -> World:
    return World({flag.key: flag for flag in flags}, without_circles(by_key(segments)))


def explain(flag: Flag, among: World, context: Mapping[str, object], at: float) -> Explanation:
    """Evaluates the flag by the book, at `at` in seconds since 1970. Never raises on a JSON context."""
    unit = _unit(context)
    problems = validate_flag(flag)
    if problems:
        return _failed(flag, unit, "{}: {}".format(*problems[0]))
    if flag.status is FlagStatus.KILLED:
        return _serve(flag, unit, Cause.KILLED, Reason.DISABLED, variant=flag.off_variant)
    if flag.lock is not None:
        value = _as_type(flag.type, flag.lock.value)
        return Explanation(flag, unit, Cause.LOCKED, Reason.STATIC, flag.lock.variant, value)
    if flag.status is FlagStatus.OFF:
        return _serve(flag, unit, Cause.OFF, Reason.DISABLED, variant=flag.off_variant)
    return _explain_on(flag, unit, among, context, at)


def _explain_on(flag: Flag, unit: str | None, among: World, context: Mapping[str, object], at: float) -> Explanation:
    flags = {**among.flags, flag.key: flag}
    circle = find_cycle({key: _waits_for(one, among) for key, one in flags.items()}, flag.key)
    if circle:
        return _failed(flag, unit, circle_words(circle))
    if not (flag.rules or flag.overrides or flag.prerequisites):
        return _serve(flag, unit, Cause.NO_RULES, Reason.STATIC, variant=flag.default_variant)
    return _explain_targeting(flag, unit, among, context, at)


def _waits_for(flag: Flag, among: World) -> tuple[str, ...]:
    """Only a flag that is on and can be served looks at others."""
    if flag.status is not FlagStatus.ON or flag.lock is not None or not flag.prerequisites or validate_flag(flag):
        return ()
    return tuple(one.flag for one in flag.prerequisites if one.flag in among.flags)


def _explain_targeting(
    flag: Flag, unit: str | None, among: World, context: Mapping[str, object], at: float
) -> Explanation:
    checked: tuple[PrerequisiteCheck, ...] = ()
    for one in flag.prerequisites:
        other = among.flags.get(one.flag)
        variant = explain(other, among, context, at).variant if other else None
        checked = (*checked, PrerequisiteCheck(one, variant, variant in one.variants))
        if variant not in one.variants:
            cause, reason = Cause.PREREQUISITE, Reason.DEFAULT
            return _serve(flag, unit, cause, reason, variant=flag.off_variant, prerequisites=checked)
    for override in flag.overrides:
        if unit in override.targeting_keys and not _is_past(override.expires_at, at):
            served = _serve(flag, unit, Cause.OVERRIDE, Reason.TARGETING_MATCH, variant=override.variant)
            return replace(served, prerequisites=checked, override=override)
    return replace(_explain_rules(flag, unit, among.segments, context, at), prerequisites=checked)


def _is_past(moment: datetime | None, at: float) -> bool:
    return moment is not None and moment.timestamp() <= at


def in_window(window: Window | None, at: float) -> bool:
    if window is None:
        return True
    return (window.starts_at is None or _is_past(window.starts_at, at)) and not _is_past(window.ends_at, at)


def _explain_rules(
    flag: Flag, unit: str | None, segments: Mapping[str, Segment], context: Mapping[str, object], at: float
) -> Explanation:
    seen: tuple[RuleCheck, ...] = ()
    for rule in flag.rules:
        check = None if rule.when is None else check_condition(rule.when, segments, context, at)
        inside = in_window(rule.window, at)
        matched = inside and (check is None or check.matched)
        seen = (*seen, RuleCheck(rule, check, inside, matched))
        if matched and isinstance(rule.serve, Split):
            return _explain_split(flag, unit, rule.serve, seen, context)
        if matched and isinstance(rule.serve, Fixed):
            return _serve(flag, unit, Cause.RULE, Reason.TARGETING_MATCH, variant=rule.serve.variant, rules=seen)
    return _serve(flag, unit, Cause.NO_MATCH, Reason.DEFAULT, variant=flag.default_variant, rules=seen)


def _explain_split(
    flag: Flag, unit: str | None, split: Split, seen: tuple[RuleCheck, ...], context: Mapping[str, object]
) -> Explanation:
    paths = unit_paths(split)
    try:
        found = unit_at(context, paths)
        refused = no_unit(paths) if found is None else None
    except InvalidContext:
        found, refused = None, bad_unit(paths)
    if found is None or refused is not None:
        why = refused or no_unit(paths)
        return Explanation(flag, unit, Cause.RULE, Reason.ERROR, None, None, (), None, seen, why.code, why.details)
    by = found.decode()
    placement = Placement(by, bucket(flag.salt, by), _ranges(flag, split))
    variant = next(s.variant for s in placement.shares if s.first <= placement.bucket < s.end)
    placed = (*seen[:-1], replace(seen[-1], placement=placement))
    return _serve(flag, unit, Cause.RULE, Reason.SPLIT, variant=variant, rules=placed)


def check_condition(
    condition: Condition, segments: Mapping[str, Segment], context: Mapping[str, object], at: float
) -> Check:
    """One condition with all its parts. A segment that is not defined has no members."""
    match condition:
        case All(items) | Any(items) | Nothing(items):
            parts = tuple(check_condition(item, segments, context, at) for item in items)
            hits = sum(part.matched for part in parts)
            wanted = {All: hits == len(parts), Any: hits > 0, Nothing: hits == 0}
            return Check(condition, None, wanted[type(condition)], parts)
        case Not(item):
            part = check_condition(item, segments, context, at)
            return Check(condition, None, not part.matched, (part,))
        case InSegment(keys):
            hit = tuple(key for key in keys if _in_segment(key, segments, context, at))
            return Check(condition, hit, bool(hit))
        case In() | Compare():
            actual = attribute(context, condition.path)
            return Check(condition, actual, _matches(condition, actual, at))


def _in_segment(key: str, segments: Mapping[str, Segment], context: Mapping[str, object], at: float) -> bool:
    if key == EVERYONE or _matches(In((GROUPS,), (key,)), context.get(GROUPS), at):
        return True
    segment = segments.get(key)
    if segment is None:
        return False
    by_rule = segment.when is not None and check_condition(segment.when, segments, context, at).matched
    return by_rule or _unit(context) in segment.members


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


def _ranges(flag: Flag, split: Split) -> tuple[Share, ...]:
    weights = dict(split.weights)
    ranges: list[Share] = []
    for variant in flag.variants:
        if variant.key in weights:
            first = ranges[-1].end if ranges else 0
            ranges.append(Share(variant.key, first, first + weights[variant.key]))
    return tuple(ranges)


def _unit(context: Mapping[str, object]) -> str | None:
    try:
        return read_unit(context.get(TARGETING_KEY))
    except InvalidContext:
        return None


def _serve(
    flag: Flag,
    unit: str | None,
    cause: Cause,
    reason: Reason,
    *,
    variant: str,
    prerequisites: tuple[PrerequisiteCheck, ...] = (),
    rules: tuple[RuleCheck, ...] = (),
) -> Explanation:
    value = next(one.value for one in flag.variants if one.key == variant)
    return Explanation(flag, unit, cause, reason, variant, _as_type(flag.type, value), prerequisites, None, rules)


def _failed(flag: Flag, unit: str | None, details: str) -> Explanation:
    code, words = ErrorCode.PARSE_ERROR, f"the definition is invalid: {details}"
    return Explanation(flag, unit, Cause.INVALID, Reason.ERROR, None, None, error_code=code, error_details=words)


def _as_type(flag_type: FlagType, value: object) -> object:
    return float(value) if flag_type is FlagType.FLOAT and isinstance(value, int) else value
