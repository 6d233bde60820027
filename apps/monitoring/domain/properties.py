"""An event's properties: what of JSON they may hold, how deep and how much. Every event comes through here."""

from collections.abc import Mapping
from typing import cast

from .limits import (
    INTEGER_BITS,
    MAX_PROPERTIES,
    MAX_PROPERTIES_DEPTH,
    MAX_PROPERTIES_SIZE,
    MAX_PROPERTY_NAME,
)
from .values import UNSTORABLE, Refusal, is_storable, read_number

_INTEGERS = 2 ** (INTEGER_BITS - 1)


def check_properties(field: str, raw: object) -> Mapping[str, object]:
    """The properties themselves; missing ones are none. Raises Refusal with the path of what is wrong."""
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise Refusal(field, "must be an object")
    size = _object_size(field, raw, MAX_PROPERTIES_DEPTH - 1)
    if size > MAX_PROPERTIES_SIZE:
        raise Refusal(field, f"has {size:,} values and characters; {MAX_PROPERTIES_SIZE:,} are allowed")
    return cast(Mapping[str, object], raw)


def _object_size(field: str, raw: Mapping[object, object], depth: int) -> int:
    _check_length(field, len(raw))
    size = 1
    for name, value in raw.items():
        if not isinstance(name, str) or len(name) > MAX_PROPERTY_NAME or not is_storable(name):
            raise Refusal(field, f"has a name that is longer than {MAX_PROPERTY_NAME} characters or cannot be kept")
        # Most values are short texts, and tens of thousands come a second: it is not worth a call.
        if type(value) is str and value.isascii() and "\0" not in value:
            size += len(name) + 1 + len(value)
        else:
            size += len(name) + _size(f"{field}.{name}", value, depth)
    return size


def _list_size(field: str, raw: list[object], depth: int) -> int:
    _check_length(field, len(raw))
    return 1 + sum(_size(f"{field}[{index}]", item, depth) for index, item in enumerate(raw))


def _size(field: str, value: object, depth: int) -> int:
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, str):
        if not is_storable(value):
            raise Refusal(field, UNSTORABLE)
        return 1 + len(value)
    if isinstance(value, dict | list):
        if depth == 0:
            raise Refusal(field, f"is nested deeper than {MAX_PROPERTIES_DEPTH} levels")
        return _object_size(field, value, depth - 1) if isinstance(value, dict) else _list_size(field, value, depth - 1)
    read_number(field, value)
    if isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS:
        raise Refusal(field, f"must fit into {INTEGER_BITS} bits")
    return 1


def _check_length(field: str, length: int) -> None:
    if length > MAX_PROPERTIES:
        raise Refusal(field, f"has {length:,} entries; {MAX_PROPERTIES} are allowed")
