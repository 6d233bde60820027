"""Reads and writes the JSON of rules, conditions, overrides and prerequisites. Checks shape and size; whether
variants, flags and segments exist is validation.py's and the services'."""

from datetime import datetime

from .context import TARGETING_KEY
from .definitions import (
    All,
    Any,
    Compare,
    Condition,
    Fixed,
    In,
    InSegment,
    InvalidDefinition,
    Not,
    Nothing,
    Operator,
    Override,
    Path,
    Prerequisite,
    Rule,
    Serve,
    Split,
    Window,
)
from .limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_LENGTH,
    MAX_OVERRIDDEN,
    MAX_OVERRIDES,
    MAX_PATH,
    MAX_PREREQUISITES,
    MAX_RULES,
    MAX_UNIT_LENGTH,
    MAX_VALUES,
    MAX_VARIANTS,
    WEIGHT_TOTAL,
)
from .operators import compares_text, read_operand
from .reading import Raw, read_flag, read_list, read_moment, read_object, read_scalar, read_text

_GROUPS: dict[str, type[All] | type[Any] | type[Nothing]] = {"all": All, "any": Any, "none": Nothing}
_NAMES = {group: name for name, group in _GROUPS.items()}
_CONDITIONS = "one of all, any, none, not, attr, segment"
_EQUAL, _IN = "eq", "in"
OPERATORS = (_EQUAL, _IN, *(operator.value for operator in Operator))


def parse_rules(raw: object) -> tuple[Rule, ...]:
    """Rules from JSON: a list of `{"id", "when", "serve"}`. Raises InvalidDefinition at the first fault.

    `serve` is `{"variant": key}` or `{"split": [[key, weight], ...]}` with weights out of 100,000 and perhaps
    `by` and `fallback_by`, paths to the attributes that tell users apart. A rule may have a `window` with
    `starts_at` and `ends_at`.
    """
    return tuple(_rule(path, item) for path, item in read_list("rules", raw, MAX_RULES, at_least=0))


def parse_condition(raw: object, path: str = "when") -> Condition | None:
    """null, or one condition: `{"all": [...]}`, `{"any": [...]}`, `{"none": [...]}`, `{"not": {...}}`,
    `{"segment": [keys]}` or `{"attr": [path], "op": operator, "value": operand}`, the last perhaps with
    `ignore_case` and `if_missing`. Raises InvalidDefinition."""
    return None if raw is None else _condition(path, raw, MAX_DEPTH)


def parse_overrides(raw: object) -> tuple[Override, ...]:
    """A list of `{"variant", "targeting_keys"}`, each perhaps with `expires_at`. Raises InvalidDefinition."""
    return tuple(_override(path, item) for path, item in read_list("overrides", raw, MAX_OVERRIDES, at_least=0))


def parse_prerequisites(raw: object) -> tuple[Prerequisite, ...]:
    """A list of `{"flag", "variants"}`. Raises InvalidDefinition."""
    items = read_list("prerequisites", raw, MAX_PREREQUISITES, at_least=0)
    return tuple(_prerequisite(path, item) for path, item in items)


def dump_rules(rules: tuple[Rule, ...]) -> list[Raw]:
    """The JSON that parse_rules reads back to equal rules."""
    return [_dump_rule(rule) for rule in rules]


def dump_condition(condition: Condition | None) -> Raw | None:
    return None if condition is None else _dump(condition)


def dump_overrides(overrides: tuple[Override, ...]) -> list[Raw]:
    return [
        {"variant": one.variant, "targeting_keys": list(one.targeting_keys), "expires_at": _iso(one.expires_at)}
        for one in overrides
    ]


def dump_prerequisites(prerequisites: tuple[Prerequisite, ...]) -> list[Raw]:
    return [{"flag": one.flag, "variants": list(one.variants)} for one in prerequisites]


def _rule(path: str, raw: object) -> Rule:
    fields = read_object(path, raw, {"id", "when", "serve"}, optional={"window"})
    return Rule(
        id=read_text(f"{path}.id", fields["id"], MAX_KEY_LENGTH),
        when=parse_condition(fields["when"], f"{path}.when"),
        serve=_serve(f"{path}.serve", fields["serve"]),
        window=_window(f"{path}.window", fields.get("window")),
    )


def _window(path: str, raw: object) -> Window | None:
    if raw is None:
        return None
    fields = read_object(path, raw, (), optional={"starts_at", "ends_at"})
    starts_at, ends_at = (_moment_or_none(f"{path}.{name}", fields.get(name)) for name in ("starts_at", "ends_at"))
    return Window(starts_at, ends_at) if starts_at or ends_at else None


def _moment_or_none(path: str, raw: object) -> datetime | None:
    return None if raw is None else read_moment(path, raw)


def _serve(path: str, raw: object) -> Serve:
    if isinstance(raw, dict) and "split" in raw:
        fields = read_object(path, raw, {"split"}, optional={"by", "fallback_by"})
        weights = tuple(_weight(*entry) for entry in read_list(f"{path}.split", fields["split"], MAX_VARIANTS))
        by, fallback_by = (_path_or_none(f"{path}.{name}", fields.get(name)) for name in ("by", "fallback_by"))
        return Split(weights, by or (TARGETING_KEY,), fallback_by)
    return Fixed(read_text(f"{path}.variant", read_object(path, raw, {"variant"})["variant"], MAX_KEY_LENGTH))


def _weight(path: str, raw: object) -> tuple[str, int]:
    match raw:
        case [variant, weight]:
            pass
        case _:
            raise InvalidDefinition(path, "must be a pair of variant and weight")
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WEIGHT_TOTAL:
        raise InvalidDefinition(f"{path}.weight", f"must be a whole number from 0 to {WEIGHT_TOTAL:,}")
    return read_text(f"{path}.variant", variant, MAX_KEY_LENGTH), weight


def _condition(path: str, raw: object, depth: int) -> Condition:
    if depth == 0:
        raise InvalidDefinition(path, f"is nested deeper than {MAX_DEPTH} conditions")
    if not isinstance(raw, dict):
        raise InvalidDefinition(path, f"must be an object with {_CONDITIONS}")
    for name, group in _GROUPS.items():
        if name in raw:
            items = read_list(f"{path}.{name}", read_object(path, raw, {name})[name], MAX_ITEMS)
            return group(tuple(_condition(*item, depth - 1) for item in items))
    if "not" in raw:
        return Not(_condition(f"{path}.not", read_object(path, raw, {"not"})["not"], depth - 1))
    if "segment" in raw:
        keys = read_list(f"{path}.segment", read_object(path, raw, {"segment"})["segment"], MAX_ITEMS)
        return InSegment(tuple(read_text(*key, MAX_KEY_LENGTH) for key in keys))
    if "attr" in raw:
        fields = read_object(path, raw, {"attr", "op"}, optional={"value", "ignore_case", "if_missing"})
        return _comparison(path, fields)
    raise InvalidDefinition(path, f"must be an object with {_CONDITIONS}")


def _comparison(path: str, raw: Raw) -> Condition:
    attribute = _path(f"{path}.attr", raw["attr"])
    op, value = raw["op"], raw.get("value")
    ignore_case = read_flag(f"{path}.ignore_case", raw.get("ignore_case", False))
    if_missing = read_flag(f"{path}.if_missing", raw.get("if_missing", False))
    if op not in OPERATORS:
        raise InvalidDefinition(f"{path}.op", f"must be one of {', '.join(OPERATORS)}")
    if op == _EQUAL:
        return In(attribute, (read_scalar(f"{path}.value", value),), ignore_case, if_missing)
    if op == _IN:
        values = tuple(read_scalar(*item) for item in read_list(f"{path}.value", value, MAX_VALUES))
        return In(attribute, values, ignore_case, if_missing)
    operator = Operator(op)
    if ignore_case and not compares_text(operator):
        raise InvalidDefinition(f"{path}.ignore_case", f"{operator} compares no texts")
    if if_missing and operator is Operator.EXISTS:
        raise InvalidDefinition(f"{path}.if_missing", "exists is itself the question; negate it with not")
    operand = read_operand(operator, f"{path}.value", value)
    return Compare(attribute, operator, operand, ignore_case, if_missing)


def _path(path: str, raw: object) -> Path:
    message = 'must be a list of names, such as ["country"] or ["device", "os"]'
    return tuple(read_text(*step, MAX_KEY_LENGTH) for step in read_list(path, raw, MAX_PATH, message=message))


def _path_or_none(path: str, raw: object) -> Path | None:
    return None if raw is None else _path(path, raw)


def _override(path: str, raw: object) -> Override:
    fields = read_object(path, raw, {"variant", "targeting_keys"}, optional={"expires_at"})
    keys = read_list(f"{path}.targeting_keys", fields["targeting_keys"], MAX_OVERRIDDEN)
    return Override(
        variant=read_text(f"{path}.variant", fields["variant"], MAX_KEY_LENGTH),
        targeting_keys=tuple(read_text(*key, MAX_UNIT_LENGTH) for key in keys),
        expires_at=_moment_or_none(f"{path}.expires_at", fields.get("expires_at")),
    )


def _prerequisite(path: str, raw: object) -> Prerequisite:
    fields = read_object(path, raw, {"flag", "variants"})
    variants = read_list(f"{path}.variants", fields["variants"], MAX_VARIANTS)
    return Prerequisite(
        flag=read_text(f"{path}.flag", fields["flag"], MAX_KEY_LENGTH),
        variants=tuple(read_text(*variant, MAX_KEY_LENGTH) for variant in variants),
    )


def _dump_rule(rule: Rule) -> Raw:
    raw: Raw = {"id": rule.id, "when": dump_condition(rule.when), "serve": _dump_serve(rule.serve)}
    if rule.window is not None:
        raw["window"] = {"starts_at": _iso(rule.window.starts_at), "ends_at": _iso(rule.window.ends_at)}
    return raw


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _dump_serve(serve: Serve) -> Raw:
    if isinstance(serve, Fixed):
        return {"variant": serve.variant}
    raw: Raw = {"split": [list(weight) for weight in serve.weights]}
    if serve.by != (TARGETING_KEY,):
        raw["by"] = list(serve.by)
    if serve.fallback_by is not None:
        raw["fallback_by"] = list(serve.fallback_by)
    return raw


def _dump(condition: Condition) -> Raw:
    match condition:
        case All(items) | Any(items) | Nothing(items):
            return {_NAMES[type(condition)]: [_dump(item) for item in items]}
        case Not(item):
            return {"not": _dump(item)}
        case InSegment(keys):
            return {"segment": list(keys)}
        case In(path, values):
            return {"attr": list(path), "op": _IN, "value": list(values)} | _policies(condition)
        case Compare(path, operator, value):
            operand = {} if value is None else {"value": list(value) if isinstance(value, tuple) else value}
            return {"attr": list(path), "op": operator.value} | operand | _policies(condition)


def _policies(condition: In | Compare) -> Raw:
    return {name: True for name in ("ignore_case", "if_missing") if getattr(condition, name)}
