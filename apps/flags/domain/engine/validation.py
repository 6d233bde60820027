"""Judges a whole flag and names every problem at once, so that a form can show them all. Changes nothing."""

import math
from collections.abc import Iterable, Iterator

import orjson

from .definitions import Fixed, Flag, FlagType, Rule, Split
from .limits import (
    MAX_KEY_LENGTH,
    MAX_OVERRIDDEN,
    MAX_PREREQUISITES,
    MAX_RULES,
    MAX_SAFE_INTEGER,
    MAX_VALUE_BYTES,
    MAX_VALUE_DEPTH,
    MAX_VARIANTS,
    WEIGHT_TOTAL,
)
from .text import UNSTORABLE, is_storable, percent

Problem = tuple[str, str]  # (path, message), the path as in `variants[1].value`

_KINDS: dict[FlagType, tuple[tuple[type, ...], str]] = {
    FlagType.BOOLEAN: ((bool,), "true or false"),
    FlagType.STRING: ((str,), "a text"),
    FlagType.INTEGER: ((int,), "a whole number"),
    FlagType.FLOAT: ((int, float), "a number"),
    # OFREP has no answer for arrays, so they are not offered.
    FlagType.OBJECT: ((dict,), "a JSON object"),
}


def validate_flag(flag: Flag) -> list[Problem]:
    """Every problem of the definition, in reading order; empty when it can be served."""
    return list(_problems(flag))


def _problems(flag: Flag) -> Iterator[Problem]:
    yield from key_problems("key", flag.key)
    yield from key_problems("salt", flag.salt)
    yield from _variant_problems(flag)
    known = {variant.key for variant in flag.variants}
    yield from _reference("default_variant", flag.default_variant, known)
    yield from _reference("off_variant", flag.off_variant, known)
    if flag.lock is not None:
        yield from key_problems("lock.variant", flag.lock.variant)
        yield from value_problems("lock.value", flag.type, flag.lock.value)
    if len(flag.rules) > MAX_RULES:
        yield "rules", f"has {len(flag.rules)} rules; at most {MAX_RULES} are allowed"
    yield from _repeated("rules[{}].id", [rule.id for rule in flag.rules])
    for n, rule in enumerate(flag.rules):
        yield from _rule_problems(f"rules[{n}]", rule, known)
    yield from _override_problems(flag, known)
    yield from _prerequisite_problems(flag)


def key_problems(path: str, key: str) -> Iterator[Problem]:
    """Problems of a flag, variant, rule or segment key."""
    if not key:
        yield path, "must not be empty"
    elif len(key) > MAX_KEY_LENGTH:
        yield path, f"is longer than {MAX_KEY_LENGTH} characters"
    elif not is_storable(key):
        yield path, UNSTORABLE


def value_problems(path: str, flag_type: FlagType, value: object) -> Iterator[Problem]:
    """Problems of a variant's value under the flag's type."""
    classes, words = _KINDS[flag_type]
    if not isinstance(value, classes) or (isinstance(value, bool) and flag_type is not FlagType.BOOLEAN):
        yield path, f"must be {words}, because the flag is of type {flag_type}"
        return
    inner = list(_json_problems(path, value, MAX_VALUE_DEPTH))
    yield from inner
    if not inner and len(orjson.dumps(value)) > MAX_VALUE_BYTES:
        yield path, f"is larger than {MAX_VALUE_BYTES:,} bytes of JSON"


def _variant_problems(flag: Flag) -> Iterator[Problem]:
    if not flag.variants:
        yield "variants", "needs at least one variant"
    if len(flag.variants) > MAX_VARIANTS:
        yield "variants", f"has {len(flag.variants)} variants; at most {MAX_VARIANTS} are allowed"
    yield from _repeated("variants[{}].key", [variant.key for variant in flag.variants])
    for n, variant in enumerate(flag.variants):
        yield from key_problems(f"variants[{n}].key", variant.key)
        yield from value_problems(f"variants[{n}].value", flag.type, variant.value)


def _rule_problems(path: str, rule: Rule, known: set[str]) -> Iterator[Problem]:
    yield from key_problems(f"{path}.id", rule.id)
    window = rule.window
    if window and window.starts_at and window.ends_at and window.starts_at >= window.ends_at:
        yield f"{path}.window.ends_at", "must be later than starts_at"
    if isinstance(rule.serve, Fixed):
        yield from _reference(f"{path}.serve.variant", rule.serve.variant, known)
    else:
        yield from _split_problems(f"{path}.serve.split", rule.serve, known)


def _override_problems(flag: Flag, known: set[str]) -> Iterator[Problem]:
    for n, override in enumerate(flag.overrides):
        yield from _reference(f"overrides[{n}].variant", override.variant, known)
    placed = [
        (f"overrides[{n}].targeting_keys[{m}]", key)
        for n, override in enumerate(flag.overrides)
        for m, key in enumerate(override.targeting_keys)
    ]
    if len(placed) > MAX_OVERRIDDEN:
        yield (
            "overrides",
            f"name {len(placed):,} users; at most {MAX_OVERRIDDEN:,} are allowed, more belong in a segment",
        )
    seen: set[str] = set()
    for path, key in placed:
        if key in seen:
            yield path, f"{key!r} is used twice"
        seen.add(key)


def _prerequisite_problems(flag: Flag) -> Iterator[Problem]:
    if len(flag.prerequisites) > MAX_PREREQUISITES:
        yield "prerequisites", f"are {len(flag.prerequisites)}; at most {MAX_PREREQUISITES} are allowed"
    yield from _repeated("prerequisites[{}].flag", [one.flag for one in flag.prerequisites])
    for n, one in enumerate(flag.prerequisites):
        if one.flag == flag.key:
            yield f"prerequisites[{n}].flag", "a flag cannot wait for itself"
        if not one.variants:
            yield f"prerequisites[{n}].variants", "needs at least one variant"


def _split_problems(path: str, split: Split, known: set[str]) -> Iterator[Problem]:
    yield from _repeated(f"{path}[{{}}].variant", [variant for variant, _ in split.weights])
    for n, (variant, weight) in enumerate(split.weights):
        yield from _reference(f"{path}[{n}].variant", variant, known)
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WEIGHT_TOTAL:
            yield f"{path}[{n}].weight", f"must be a whole number from 0 to {WEIGHT_TOTAL:,}"
            return
    total = sum(weight for _, weight in split.weights)
    if total != WEIGHT_TOTAL:
        gap = f"{percent(abs(WEIGHT_TOTAL - total))} {'is missing' if total < WEIGHT_TOTAL else 'too much'}"
        yield path, f"the weights add up to {percent(total)}, {gap}"


def _reference(path: str, variant: str, known: set[str]) -> Iterator[Problem]:
    if variant not in known:
        yield path, f"there is no variant {variant!r}"


def _repeated(path: str, keys: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for n, key in enumerate(keys):
        if key in seen:
            yield path.format(n), f"{key!r} is used twice"
        seen.add(key)


def _json_problems(path: str, value: object, depth: int) -> Iterator[Problem]:
    if isinstance(value, dict | list) and depth == 0:
        yield path, f"is nested deeper than {MAX_VALUE_DEPTH} levels"
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str) or not is_storable(name):
                yield path, f"has the name {name!r}, which JSON cannot carry"
            yield from _json_problems(f"{path}.{name}", item, depth - 1)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _json_problems(f"{path}[{n}]", item, depth - 1)
    else:
        yield from _scalar_problems(path, value)


def _scalar_problems(path: str, value: object) -> Iterator[Problem]:
    match value:
        case None | bool():
            pass
        case str():
            if not is_storable(value):
                yield path, UNSTORABLE
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                yield path, "is beyond 2^53, where JavaScript rounds whole numbers"
        case float():
            if not math.isfinite(value):
                yield path, "must be a finite number; JSON has no NaN and no infinity"
        case _:
            yield path, f"is a {type(value).__name__}, which JSON has not"
