"""Prepares everything one flag can answer, so that a request only picks. Knows no context."""

from collections.abc import Mapping
from dataclasses import dataclass

from .bucketing import hash_limit, shares
from .context import BAD_KEY, NO_KEY
from .definitions import Condition, Fixed, Flag, FlagStatus, FlagType, Rule, Split
from .outcome import ErrorCode, Metadata, Outcome, Reason, failed, served
from .validation import validate_flag


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Depends on the unit's hash: `choices[n]` is for those below `limits[n]`, the first that fits."""

    prefix: bytes  # hashed in front of the unit
    limits: tuple[int, ...]  # 32-bit hashes, ascending; the last is beyond every hash
    choices: tuple[Outcome, ...]
    errors: Mapping[ErrorCode, Outcome]  # for a context that names no usable unit


Answer = Outcome | Draw


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """A flag's rules in order, each with its answer, then the answer when none matches."""

    rules: tuple[tuple[Condition | None, Answer], ...]
    otherwise: Outcome


def prepare(flag: Flag) -> Branches:
    """All answers of the flag. An invalid definition answers PARSE_ERROR, and harms no other flag."""
    problems = validate_flag(flag)
    if problems:
        details = "the definition is invalid: {}: {}".format(*problems[0])
        return Branches((), failed(flag.key, ErrorCode.PARSE_ERROR, details))
    values = {variant.key: typed(flag.type, variant.value) for variant in flag.variants}
    metadata: Metadata = {"flagVersion": flag.version}

    def always(variant: str, reason: Reason) -> Branches:
        return Branches((), served(flag.key, variant, values[variant], reason, metadata))

    if flag.status is FlagStatus.KILLED:
        return always(flag.off_variant, Reason.DISABLED)
    if flag.lock is not None:
        locked = flag.lock
        value = typed(flag.type, locked.value)
        return Branches((), served(flag.key, locked.variant, value, Reason.STATIC, metadata))
    if flag.status is FlagStatus.OFF:
        return always(flag.off_variant, Reason.DISABLED)
    if not flag.rules:
        return always(flag.default_variant, Reason.STATIC)
    rules = tuple((rule.when, _answer(flag, rule, values)) for rule in flag.rules)
    return Branches(rules, always(flag.default_variant, Reason.DEFAULT).otherwise)


def typed(flag_type: FlagType, value: object) -> object:
    """The value as clients must see it: a float flag's 1 is sent as 1.0, because clients check the type."""
    return float(value) if flag_type is FlagType.FLOAT and isinstance(value, int) else value


def _answer(flag: Flag, rule: Rule, values: Mapping[str, object]) -> Answer:
    metadata: Metadata = {"flagVersion": flag.version, "ruleId": rule.id}
    if isinstance(rule.serve, Fixed):
        variant = rule.serve.variant
        return served(flag.key, variant, values[variant], Reason.TARGETING_MATCH, metadata)
    return _draw(flag, rule.serve, values, metadata)


def _draw(flag: Flag, split: Split, values: Mapping[str, object], metadata: Metadata) -> Draw:
    ranges = shares(split, flag.variants)
    missing, invalid = ErrorCode.TARGETING_KEY_MISSING, ErrorCode.INVALID_CONTEXT
    return Draw(
        prefix=f"{flag.salt}.".encode(),
        limits=tuple(hash_limit(end) for _, _, end in ranges),
        choices=tuple(served(flag.key, key, values[key], Reason.SPLIT, metadata) for key, _, _ in ranges),
        errors={missing: failed(flag.key, missing, NO_KEY), invalid: failed(flag.key, invalid, BAD_KEY)},
    )
