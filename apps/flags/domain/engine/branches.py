"""Prepares everything one flag can answer, so that a request only picks. Knows no context."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from .bucketing import hash_limit, shares
from .context import TARGETING_KEY, bad_unit, no_unit
from .definitions import Condition, Fixed, Flag, FlagStatus, FlagType, Path, Rule, Split, Window
from .outcome import ErrorCode, Metadata, Outcome, Reason, failed, served
from .validation import validate_flag


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Depends on the unit's hash: `choices[n]` is for those below `limits[n]`, the first that fits."""

    by: tuple[Path, ...]  # where the unit is looked for, in this order
    prefix: bytes  # hashed in front of the unit
    limits: tuple[int, ...]  # 32-bit hashes, ascending; the last is beyond every hash
    choices: tuple[Outcome, ...]
    missing: Outcome  # for a context that names no unit
    invalid: Outcome  # for one whose unit cannot be hashed


Answer = Outcome | Draw


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One rule, with its answer."""

    when: Condition | None
    window: Window | None
    answer: Answer


@dataclass(frozen=True, slots=True, eq=False)
class Needed:
    """A flag that has to serve one of these variants first."""

    flag: str
    variants: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Looked at in this order: what the flag needs, single users' overrides, the rules, and the rest."""

    rules: tuple[Case, ...]
    otherwise: Outcome
    needs: tuple[Needed, ...] = ()
    blocked: Outcome | None = None  # when a need is not met; there is one where there are needs
    overrides: Mapping[str, tuple[float, Outcome]] = field(default_factory=dict)  # targeting key: (until, what)


def prepare(flag: Flag) -> Branches:
    """All answers of the flag. An invalid definition answers PARSE_ERROR, and harms no other flag."""
    problems = validate_flag(flag)
    if problems:
        return unusable(flag.key, "{}: {}".format(*problems[0]))
    values = {variant.key: typed(flag.type, variant.value) for variant in flag.variants}
    metadata: Metadata = {"flagVersion": flag.version}

    def always(variant: str, reason: Reason) -> Outcome:
        return served(flag.key, variant, values[variant], reason, metadata)

    if flag.status is FlagStatus.KILLED:
        return Branches((), always(flag.off_variant, Reason.DISABLED))
    if flag.lock is not None:
        value = typed(flag.type, flag.lock.value)
        return Branches((), served(flag.key, flag.lock.variant, value, Reason.STATIC, metadata))
    if flag.status is FlagStatus.OFF:
        return Branches((), always(flag.off_variant, Reason.DISABLED))
    if not (flag.rules or flag.overrides or flag.prerequisites):
        return Branches((), always(flag.default_variant, Reason.STATIC))
    return Branches(
        rules=tuple(Case(rule.when, rule.window, _answer(flag, rule, values)) for rule in flag.rules),
        otherwise=always(flag.default_variant, Reason.DEFAULT),
        needs=tuple(Needed(one.flag, frozenset(one.variants)) for one in flag.prerequisites),
        blocked=always(flag.off_variant, Reason.DEFAULT) if flag.prerequisites else None,
        overrides=_overrides(flag, values),
    )


def unusable(key: str, details: str) -> Branches:
    return Branches((), failed(key, ErrorCode.PARSE_ERROR, f"the definition is invalid: {details}"))


def typed(flag_type: FlagType, value: object) -> object:
    """The value as clients must see it: a float flag's 1 is sent as 1.0, because clients check the type."""
    return float(value) if flag_type is FlagType.FLOAT and isinstance(value, int) else value


def _overrides(flag: Flag, values: Mapping[str, object]) -> Mapping[str, tuple[float, Outcome]]:
    metadata: Metadata = {"flagVersion": flag.version, "override": True}
    found: dict[str, tuple[float, Outcome]] = {}
    for one in flag.overrides:
        outcome = served(flag.key, one.variant, values[one.variant], Reason.TARGETING_MATCH, metadata)
        until = math.inf if one.expires_at is None else one.expires_at.timestamp()
        found |= dict.fromkeys(one.targeting_keys, (until, outcome))
    return found


def _answer(flag: Flag, rule: Rule, values: Mapping[str, object]) -> Answer:
    metadata: Metadata = {"flagVersion": flag.version, "ruleId": rule.id}
    if isinstance(rule.serve, Fixed):
        variant = rule.serve.variant
        return served(flag.key, variant, values[variant], Reason.TARGETING_MATCH, metadata)
    return _draw(flag, rule.serve, values, metadata)


def _draw(flag: Flag, split: Split, values: Mapping[str, object], metadata: Metadata) -> Draw:
    ranges = shares(split, flag.variants)
    by = unit_paths(split)
    missing, invalid = no_unit(by), bad_unit(by)
    return Draw(
        by=by,
        prefix=f"{flag.salt}.".encode(),
        limits=tuple(hash_limit(end) for _, _, end in ranges),
        choices=tuple(served(flag.key, key, values[key], Reason.SPLIT, metadata) for key, _, _ in ranges),
        missing=failed(flag.key, missing.code, missing.details),
        invalid=failed(flag.key, invalid.code, invalid.details),
    )


def unit_paths(split: Split) -> tuple[Path, ...]:
    """Where a split looks for its unit, in this order."""
    return (split.by,) if split.fallback_by is None else (split.by, split.fallback_by)


BY_TARGETING_KEY: tuple[Path, ...] = ((TARGETING_KEY,),)
