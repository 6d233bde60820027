"""Why a flag answers what it answers, step by step: the rules read plainly, as the documentation tells them, so that
they and the compiled path can be checked against each other. Conditions and segments are read in checks.py."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .branches import unit_paths
from .bucketing import bucket
from .checks import Asked, check_condition
from .compiler import circle_words
from .context import InvalidContext, bad_unit, no_unit, unit_at
from .definitions import Fixed, Flag, FlagStatus, FlagType, Segment, Split, Window, by_key
from .explanation import Cause, Explanation, Placement, PrerequisiteCheck, RuleCheck, Share
from .graph import find_cycle
from .outcome import ErrorCode, Reason
from .segments import without_circles
from .validation import validate_flag

Flags = Mapping[str, Flag]
Known = dict[str, Explanation]


@dataclass(frozen=True, slots=True)
class World:
    """What a flag is evaluated among: the flags that it may wait for, and the segments its rules name."""

    flags: Mapping[str, Flag]
    segments: Mapping[str, Segment]


def world(flags: tuple[Flag, ...], segments: tuple[Segment, ...]) -> World:
    return World({flag.key: flag for flag in flags}, without_circles(by_key(segments)))


def explain(flag: Flag, among: World, context: Mapping[str, object], at: float) -> Explanation:
    """Evaluates the flag by the book, at `at` in seconds since 1970. Never raises on a JSON context."""
    return _explain(flag, among.flags, Asked(context, at, among.segments), {})


def _explain(flag: Flag, flags: Flags, asked: Asked, known: Known) -> Explanation:
    """`known` are the flags that were explained already: many may wait for the same one."""
    if flag.key not in known:
        found = _explain_flag(flag, flags, replace(asked, looked_into={}), known)
        known[flag.key] = replace(found, unit=asked.unit)
    return known[flag.key]


def _explain_flag(flag: Flag, flags: Flags, asked: Asked, known: Known) -> Explanation:
    problems = validate_flag(flag)
    if problems:
        return _failed(flag, "{}: {}".format(*problems[0]))
    if flag.status is FlagStatus.KILLED:
        return _serve(flag, Cause.KILLED, Reason.DISABLED, variant=flag.off_variant)
    if flag.lock is not None:
        value = _as_type(flag.type, flag.lock.value)
        return Explanation(flag, None, Cause.LOCKED, Reason.STATIC, flag.lock.variant, value)
    if flag.status is FlagStatus.OFF:
        return _serve(flag, Cause.OFF, Reason.DISABLED, variant=flag.off_variant)
    return _explain_on(flag, flags, asked, known)


def _explain_on(flag: Flag, flags: Flags, asked: Asked, known: Known) -> Explanation:
    circle = find_cycle({key: _waits_for(one, flags) for key, one in {**flags, flag.key: flag}.items()}, flag.key)
    if circle:
        return _failed(flag, circle_words(circle))
    if not (flag.rules or flag.overrides or flag.prerequisites):
        return _serve(flag, Cause.NO_RULES, Reason.STATIC, variant=flag.default_variant)
    return _explain_targeting(flag, flags, asked, known)


def _waits_for(flag: Flag, flags: Flags) -> tuple[str, ...]:
    """Only a flag that is on and can be served looks at others."""
    if flag.status is not FlagStatus.ON or flag.lock is not None or not flag.prerequisites or validate_flag(flag):
        return ()
    return tuple(one.flag for one in flag.prerequisites if one.flag in flags)


def _explain_targeting(flag: Flag, flags: Flags, asked: Asked, known: Known) -> Explanation:
    checked: tuple[PrerequisiteCheck, ...] = ()
    for one in flag.prerequisites:
        other = flags.get(one.flag)
        found = _explain(other, flags, asked, known) if other else None
        variant = found.variant if found else None
        checked = (*checked, PrerequisiteCheck(one, variant, variant in one.variants, found))
        if variant not in one.variants:
            cause, reason = Cause.PREREQUISITE, Reason.DEFAULT
            return replace(_serve(flag, cause, reason, variant=flag.off_variant), prerequisites=checked)
    for override in flag.overrides:
        if asked.unit in override.targeting_keys and not is_past(override.expires_at, asked.at):
            served = _serve(flag, Cause.OVERRIDE, Reason.TARGETING_MATCH, variant=override.variant)
            return replace(served, prerequisites=checked, override=override)
    return replace(_explain_rules(flag, asked), prerequisites=checked, segments=tuple(asked.looked_into.values()))


def is_past(moment: datetime | None, at: float) -> bool:
    return moment is not None and moment.timestamp() <= at


def in_window(window: Window | None, at: float) -> bool:
    if window is None:
        return True
    return (window.starts_at is None or is_past(window.starts_at, at)) and not is_past(window.ends_at, at)


def _explain_rules(flag: Flag, asked: Asked) -> Explanation:
    seen: tuple[RuleCheck, ...] = ()
    for rule in flag.rules:
        check = None if rule.when is None else check_condition(rule.when, asked)
        inside = in_window(rule.window, asked.at)
        matched = inside and (check is None or check.matched)
        seen = (*seen, RuleCheck(rule, check, inside, matched))
        if matched and isinstance(rule.serve, Split):
            return _explain_split(flag, rule.serve, seen, asked.context)
        if matched and isinstance(rule.serve, Fixed):
            return _serve(flag, Cause.RULE, Reason.TARGETING_MATCH, variant=rule.serve.variant, rules=seen)
    return _serve(flag, Cause.NO_MATCH, Reason.DEFAULT, variant=flag.default_variant, rules=seen)


def _explain_split(flag: Flag, split: Split, seen: tuple[RuleCheck, ...], context: Mapping[str, object]) -> Explanation:
    paths = unit_paths(split)
    try:
        found = unit_at(context, paths)
        refused = no_unit(paths) if found is None else None
    except InvalidContext:
        found, refused = None, bad_unit(paths)
    if found is None or refused is not None:
        why = refused or no_unit(paths)
        return Explanation(flag, None, Cause.RULE, Reason.ERROR, None, None, (), None, seen, (), why.code, why.details)
    by = found.decode()
    placement = Placement(by, bucket(flag.salt, by), _ranges(flag, split))
    variant = next(s.variant for s in placement.shares if s.first <= placement.bucket < s.end)
    placed = (*seen[:-1], replace(seen[-1], placement=placement))
    return _serve(flag, Cause.RULE, Reason.SPLIT, variant=variant, rules=placed)


def _ranges(flag: Flag, split: Split) -> tuple[Share, ...]:
    weights = dict(split.weights)
    ranges: list[Share] = []
    for variant in flag.variants:
        if variant.key in weights:
            first = ranges[-1].end if ranges else 0
            ranges.append(Share(variant.key, first, first + weights[variant.key]))
    return tuple(ranges)


def _serve(flag: Flag, cause: Cause, reason: Reason, *, variant: str, rules: tuple[RuleCheck, ...] = ()) -> Explanation:
    value = next(one.value for one in flag.variants if one.key == variant)
    return Explanation(flag, None, cause, reason, variant, _as_type(flag.type, value), (), None, rules)


def _failed(flag: Flag, details: str) -> Explanation:
    code, words = ErrorCode.PARSE_ERROR, f"the definition is invalid: {details}"
    return Explanation(flag, None, Cause.INVALID, Reason.ERROR, None, None, error_code=code, error_details=words)


def _as_type(flag_type: FlagType, value: object) -> object:
    return float(value) if flag_type is FlagType.FLOAT and isinstance(value, int) else value
