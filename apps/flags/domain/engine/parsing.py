"""Reads and writes the JSON of rules. Checks shape and size; whether variants exist is validation.py's."""

import math
from collections.abc import Callable
from typing import cast

from .definitions import (
    All,
    Any,
    Condition,
    Fixed,
    In,
    InSegment,
    InvalidDefinition,
    Not,
    Nothing,
    Rule,
    Scalar,
    Serve,
    Split,
)
from .limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_LENGTH,
    MAX_PATH,
    MAX_RULES,
    MAX_TEXT_LENGTH,
    MAX_VALUES,
    MAX_VARIANTS,
    WEIGHT_TOTAL,
)
from .text import UNSTORABLE, is_storable

_Raw = dict[str, object]
_GROUPS: dict[str, type[All] | type[Any] | type[Nothing]] = {"all": All, "any": Any, "none": Nothing}
_CONDITIONS = "one of all, any, none, not, attr, segment"


def parse_rules(raw: object) -> tuple[Rule, ...]:
    """Rules from JSON: a list of `{"id", "when", "serve"}`. Raises InvalidDefinition at the first fault.

    `when` is null or one condition: `{"all": [...]}`, `{"any": [...]}`, `{"none": [...]}`, `{"not": {...}}`,
    `{"attr": [path], "op": "in", "value": [...]}` or `{"segment": [keys]}`. `serve` is `{"variant": key}`
    or `{"split": [[key, weight], ...]}` with weights out of 100,000.
    """
    return tuple(_rule(path, item) for path, item in _list("rules", raw, MAX_RULES, at_least=0))


def dump_rules(rules: tuple[Rule, ...]) -> list[_Raw]:
    """The JSON that parse_rules reads back to equal rules."""
    return [_dump_rule(rule) for rule in rules]


def _rule(path: str, raw: object) -> Rule:
    fields = _object(path, raw, {"id", "when", "serve"})
    when = fields["when"]
    return Rule(
        id=_text(f"{path}.id", fields["id"], MAX_KEY_LENGTH),
        when=None if when is None else _condition(f"{path}.when", when, MAX_DEPTH),
        serve=_serve(f"{path}.serve", fields["serve"]),
    )


def _serve(path: str, raw: object) -> Serve:
    if isinstance(raw, dict) and "split" in raw:
        split = _object(path, raw, {"split"})["split"]
        return Split(tuple(_weight(*entry) for entry in _list(f"{path}.split", split, MAX_VARIANTS)))
    return Fixed(_text(f"{path}.variant", _object(path, raw, {"variant"})["variant"], MAX_KEY_LENGTH))


def _weight(path: str, raw: object) -> tuple[str, int]:
    match raw:
        case [variant, weight]:
            pass
        case _:
            raise InvalidDefinition(path, "must be a pair of variant and weight")
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WEIGHT_TOTAL:
        raise InvalidDefinition(f"{path}.weight", f"must be a whole number from 0 to {WEIGHT_TOTAL:,}")
    return _text(f"{path}.variant", variant, MAX_KEY_LENGTH), weight


def _condition(path: str, raw: object, depth: int) -> Condition:
    if depth == 0:
        raise InvalidDefinition(path, f"is nested deeper than {MAX_DEPTH} conditions")
    if not isinstance(raw, dict):
        raise InvalidDefinition(path, f"must be an object with {_CONDITIONS}")
    for name, group in _GROUPS.items():
        if name in raw:
            items = _list(f"{path}.{name}", _object(path, raw, {name})[name], MAX_ITEMS)
            return group(tuple(_condition(*item, depth - 1) for item in items))
    if "not" in raw:
        return Not(_condition(f"{path}.not", _object(path, raw, {"not"})["not"], depth - 1))
    if "segment" in raw:
        keys = _list(f"{path}.segment", _object(path, raw, {"segment"})["segment"], MAX_ITEMS)
        return InSegment(tuple(_text(*key, MAX_KEY_LENGTH) for key in keys))
    if "attr" in raw:
        return _comparison(path, _object(path, raw, {"attr", "op", "value"}))
    raise InvalidDefinition(path, f"must be an object with {_CONDITIONS}")


def _comparison(path: str, raw: _Raw) -> Condition:
    steps = _list(f"{path}.attr", raw["attr"], MAX_PATH)
    attribute = tuple(_text(*step, MAX_KEY_LENGTH) for step in steps)
    read = _OPERATORS.get(raw["op"]) if isinstance(raw["op"], str) else None
    if read is None:
        raise InvalidDefinition(f"{path}.op", f"must be one of {', '.join(_OPERATORS)}")
    return read(attribute, f"{path}.value", raw["value"])


def _in(attribute: tuple[str, ...], path: str, raw: object) -> Condition:
    return In(attribute, tuple(_scalar(*item) for item in _list(path, raw, MAX_VALUES)))


_OPERATORS: dict[str, Callable[[tuple[str, ...], str, object], Condition]] = {"in": _in}


def _scalar(path: str, raw: object) -> Scalar:
    if isinstance(raw, str):
        return _text(path, raw, MAX_TEXT_LENGTH, at_least=0)
    if isinstance(raw, bool | int) or (isinstance(raw, float) and math.isfinite(raw)):
        return raw
    raise InvalidDefinition(path, "must be a text, a finite number, true or false")


def _object(path: str, raw: object, names: set[str]) -> _Raw:
    if not isinstance(raw, dict):
        raise InvalidDefinition(path, f"must be an object with {', '.join(sorted(names))}")
    for name in sorted(names - raw.keys()):
        raise InvalidDefinition(f"{path}.{name}", "is missing")
    for name in raw.keys() - names:
        raise InvalidDefinition(f"{path}.{name}", "is not known here")
    return cast(_Raw, raw)


def _list(path: str, raw: object, at_most: int, at_least: int = 1) -> list[tuple[str, object]]:
    """The items, each with its own path."""
    if not isinstance(raw, list | tuple):
        raise InvalidDefinition(path, "must be a list")
    if not at_least <= len(raw) <= at_most:
        raise InvalidDefinition(path, f"has {len(raw)} entries; {at_least} to {at_most:,} are allowed")
    return [(f"{path}[{n}]", item) for n, item in enumerate(raw)]


def _text(path: str, raw: object, at_most: int, at_least: int = 1) -> str:
    if not isinstance(raw, str):
        raise InvalidDefinition(path, "must be a text")
    if not at_least <= len(raw) <= at_most:
        raise InvalidDefinition(path, f"has {len(raw)} characters; {at_least} to {at_most:,} are allowed")
    if not is_storable(raw):
        raise InvalidDefinition(path, UNSTORABLE)
    return raw


def _dump_rule(rule: Rule) -> _Raw:
    when = None if rule.when is None else _dump(rule.when)
    return {"id": rule.id, "when": when, "serve": _dump_serve(rule.serve)}


def _dump_serve(serve: Serve) -> _Raw:
    if isinstance(serve, Fixed):
        return {"variant": serve.variant}
    return {"split": [list(weight) for weight in serve.weights]}


def _dump(condition: Condition) -> _Raw:
    match condition:
        case All(items):
            return {"all": [_dump(item) for item in items]}
        case Any(items):
            return {"any": [_dump(item) for item in items]}
        case Nothing(items):
            return {"none": [_dump(item) for item in items]}
        case Not(item):
            return {"not": _dump(item)}
        case In(path, values):
            return {"attr": list(path), "op": "in", "value": list(values)}
        case InSegment(keys):
            return {"segment": list(keys)}
