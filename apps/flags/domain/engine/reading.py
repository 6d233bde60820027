"""Shapes of JSON, each refused with its path. What the shapes are for is said in parsing.py and operators.py."""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import cast

from .definitions import InvalidDefinition, Scalar
from .limits import MAX_TEXT_LENGTH
from .text import UNSTORABLE, is_storable

Raw = dict[str, object]


def read_object(path: str, raw: object, names: Collection[str], optional: Collection[str] = ()) -> Raw:
    """All of `names` and perhaps some of `optional`, nothing else."""
    if not isinstance(raw, dict):
        raise InvalidDefinition(path, f"must be an object with {', '.join(sorted(names))}")
    for name in sorted(set(names) - raw.keys()):
        raise InvalidDefinition(f"{path}.{name}", "is missing")
    for name in raw.keys() - set(names) - set(optional):
        known = ", ".join(sorted({*names, *optional}))
        raise InvalidDefinition(f"{path}.{name}", f"is not known here; there may be {known}")
    return cast(Raw, raw)


def read_list(
    path: str, raw: object, at_most: int, at_least: int = 1, message: str = "must be a list"
) -> list[tuple[str, object]]:
    """The items, each with its own path."""
    if not isinstance(raw, list | tuple):
        raise InvalidDefinition(path, message)
    if not at_least <= len(raw) <= at_most:
        raise InvalidDefinition(path, f"has {len(raw)} entries; {at_least} to {at_most:,} are allowed")
    return [(f"{path}[{n}]", item) for n, item in enumerate(raw)]


def read_text(path: str, raw: object, at_most: int = MAX_TEXT_LENGTH, at_least: int = 1) -> str:
    if not isinstance(raw, str):
        raise InvalidDefinition(path, "must be a text")
    if not at_least <= len(raw) <= at_most:
        raise InvalidDefinition(path, f"has {len(raw)} characters; {at_least} to {at_most:,} are allowed")
    if not is_storable(raw):
        raise InvalidDefinition(path, UNSTORABLE)
    return raw


def read_scalar(path: str, raw: object) -> Scalar:
    if isinstance(raw, str):
        return read_text(path, raw, at_least=0)
    if isinstance(raw, bool):
        return raw
    return read_number(path, raw, "must be a text, a finite number, true or false")


def read_number(path: str, raw: object, message: str = "must be a finite number") -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= sys.float_info.max:
        raise InvalidDefinition(path, message)
    return raw


def read_flag(path: str, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise InvalidDefinition(path, "must be true or false")
    return raw


def read_moment(path: str, raw: object) -> datetime:
    """An ISO 8601 date or date and time; UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(read_text(path, raw, at_most=64))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidDefinition(path, "must be a date and time such as 2026-03-01T09:00:00Z") from None
