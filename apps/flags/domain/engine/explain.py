"""Why a flag answers what it answers, step by step: the rules read plainly, as the documentation tells them.
Nothing here goes through the compiled path, so that each can be checked against the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .bucketing import bucket
from .context import GROUPS, TARGETING_KEY, InvalidContext, read_unit
from .definitions import (
    EVERYONE,
    All,
    Any,
    Condition,
    Fixed,
    Flag,
    FlagStatus,
    FlagType,
    In,
    InSegment,
    Not,
    Nothing,
    Rule,
    Scalar,
    Segment,
    Split,
    by_key,
)
from .outcome import ErrorCode, Reason
from .validation import validate_flag


class Cause(StrEnum):
    """Which part of the flag decided."""

    INVALID = "invalid"  # the definition; nothing else was looked at
    KILLED = "killed"
    LOCKED = "locked"  # by the process environment
    OFF = "off"
    NO_RULES = "no_rules"
    RULE = "rule"  # the last of `rules`
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition and what it came to. All items of a group are checked, also when one decides."""

    condition: Condition
    actual: object  # an In: the attribute's value, None when missing; an InSegment: the keys that matched
    matched: bool
    items: tuple["Check", ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A variant's half-open range of buckets, out of 100,000."""

    variant: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the unit fell in a split."""

    unit: str
    bucket: int  # 0 to 99,999
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class RuleCheck:
    rule: Rule
    check: Check | None  # None: the rule has no condition
    matched: bool
    placement: Placement | None = None  # of a matched split, when the context names a unit


@dataclass(frozen=True, slots=True)
class Explanation:
    """The outcome of one flag for one context, and the way there. An error has no variant and no value."""

    flag: Flag
    unit: str | None  # whom it is about; None when the context names nobody
    cause: Cause
    reason: Reason
    variant: str | None
    value: object
    rules: tuple[RuleCheck, ...] = ()  # in order, up to the one that matched
    error_code: ErrorCode | None = None
    error_details: str | None = None

    @property
    def key(self) -> str:
        return self.flag.key


def explain(flag: Flag, segments: tuple[Segment, ...], context: Mapping[str, object]) -> Explanation:
    """Evaluates the flag by the book. Never raises on a JSON context."""
    unit = _unit(context)
    problems = validate_flag(flag)
    if problems:
        path, message = problems[0]
        details = f"the definition is invalid: {path}: {message}"
        return Explanation(flag, unit, Cause.INVALID, Reason.ERROR, None, None, (), ErrorCode.PARSE_ERROR, details)
    if flag.status is FlagStatus.KILLED:
        return _serve(flag, unit, Cause.KILLED, Reason.DISABLED, variant=flag.off_variant)
    if flag.lock is not None:
        locked = flag.lock
        value = _as_type(flag.type, locked.value)
        return Explanation(flag, unit, Cause.LOCKED, Reason.STATIC, locked.variant, value)
    if flag.status is FlagStatus.OFF:
        return _serve(flag, unit, Cause.OFF, Reason.DISABLED, variant=flag.off_variant)
    if not flag.rules:
        return _serve(flag, unit, Cause.NO_RULES, Reason.STATIC, variant=flag.default_variant)
    return _explain_rules(flag, unit, by_key(segments), context)


def _explain_rules(
    flag: Flag, unit: str | None, segments: Mapping[str, Segment], context: Mapping[str, object]
) -> Explanation:
    seen: tuple[RuleCheck, ...] = ()
    for rule in flag.rules:
        check = None if rule.when is None else check_condition(rule.when, segments, context)
        matched = check is None or check.matched
        if matched and isinstance(rule.serve, Split):
            return _explain_split(flag, rule.serve, (*seen, RuleCheck(rule, check, matched)), context)
        seen = (*seen, RuleCheck(rule, check, matched))
        if matched and isinstance(rule.serve, Fixed):
            return _serve(flag, unit, Cause.RULE, Reason.TARGETING_MATCH, variant=rule.serve.variant, rules=seen)
    return _serve(flag, unit, Cause.NO_MATCH, Reason.DEFAULT, variant=flag.default_variant, rules=seen)


def _explain_split(flag: Flag, split: Split, seen: tuple[RuleCheck, ...], context: Mapping[str, object]) -> Explanation:
    *before, last = seen
    try:
        unit = read_unit(context.get(TARGETING_KEY))
    except InvalidContext as refused:
        return Explanation(flag, None, Cause.RULE, Reason.ERROR, None, None, seen, refused.code, refused.details)
    placement = Placement(unit, bucket(flag.salt, unit), _ranges(flag, split))
    variant = next(s.variant for s in placement.shares if s.first <= placement.bucket < s.end)
    placed = (*before, RuleCheck(last.rule, last.check, last.matched, placement))
    return _serve(flag, unit, Cause.RULE, Reason.SPLIT, variant=variant, rules=placed)


def check_condition(condition: Condition, segments: Mapping[str, Segment], context: Mapping[str, object]) -> Check:
    """One condition with all its parts. A segment that is not defined has no members."""
    match condition:
        case All(items) | Any(items) | Nothing(items):
            parts = tuple(check_condition(item, segments, context) for item in items)
            hits = sum(part.matched for part in parts)
            wanted = {All: hits == len(parts), Any: hits > 0, Nothing: hits == 0}
            return Check(condition, None, wanted[type(condition)], parts)
        case Not(item):
            part = check_condition(item, segments, context)
            return Check(condition, None, not part.matched, (part,))
        case In(path, values):
            actual = _attribute(context, path)
            return Check(condition, actual, _matches(actual, values))
        case InSegment(keys):
            hit = tuple(key for key in keys if _in_segment(key, segments, context))
            return Check(condition, hit, bool(hit))


def _in_segment(key: str, segments: Mapping[str, Segment], context: Mapping[str, object]) -> bool:
    member = key in segments and _unit(context) in segments[key].members
    return key == EVERYONE or member or _matches(context.get(GROUPS), (key,))


def _attribute(context: Mapping[str, object], path: tuple[str, ...]) -> object:
    found: object = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _matches(actual: object, values: tuple[Scalar, ...]) -> bool:
    candidates = actual if isinstance(actual, list | tuple) else [actual]
    return any(_same(candidate, value) for candidate in candidates for value in values)


def _same(actual: object, value: Scalar) -> bool:
    if isinstance(actual, bool) or isinstance(value, bool):
        return actual is value
    if isinstance(actual, str) or isinstance(value, str):
        return isinstance(actual, str) and actual == value
    return isinstance(actual, int | float) and actual == value


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
    rules: tuple[RuleCheck, ...] = (),
) -> Explanation:
    value = next(one.value for one in flag.variants if one.key == variant)
    return Explanation(flag, unit, cause, reason, variant, _as_type(flag.type, value), rules)


def _as_type(flag_type: FlagType, value: object) -> object:
    return float(value) if flag_type is FlagType.FLOAT and isinstance(value, int) else value
