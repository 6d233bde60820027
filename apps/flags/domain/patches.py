"""Changes as JSON, in the shape that the REST API takes: what a proposal or a schedule keeps. To values and back."""

from collections.abc import Callable, Collection
from typing import Any

from apps.flags.domain.engine.definitions import FlagStatus, InvalidDefinition
from apps.flags.domain.engine.limits import MAX_KEY_LENGTH, MAX_VARIANTS
from apps.flags.domain.engine.parsing import (
    dump_overrides,
    dump_prerequisites,
    dump_rules,
    parse_overrides,
    parse_prerequisites,
    parse_rules,
)
from apps.flags.domain.engine.reading import Raw, read_list, read_object, read_text
from apps.flags.domain.members import Mode
from apps.flags.domain.transitions import Change

_DUMP: dict[str, Callable[[Any], object]] = {
    "status": lambda status: status.value.upper(),
    "rules": dump_rules,
    "prerequisites": dump_prerequisites,
    "overrides": dump_overrides,
}


def dump_change(change: Change) -> Raw:
    """The JSON that parse_change reads back to an equal change."""
    return {name: _DUMP[name](value) if name in _DUMP else value for name, value in change.given().items()}


def parse_change(raw: object, path: str = "patch") -> Change:
    """Any of a change's fields; `status` is ON or OFF. Raises InvalidDefinition."""
    fields = read_object(path, raw, (), optional=_PARSE)
    if not fields:
        raise InvalidDefinition(path, "is empty")
    return Change(**{name: _PARSE[name](value) for name, value in fields.items()})


def parse_fields(raw: object, editable: Collection[str]) -> dict[str, Any]:
    """What is the same in every environment: `editable` as they are, `variants` as (key, value) pairs."""
    fields: dict[str, Any] = dict(read_object("patch", raw, (), optional=(*editable, "variants")))
    if "variants" in fields:
        fields["variants"] = [_variant(*one) for one in read_list("variants", fields["variants"], MAX_VARIANTS)]
    return fields


def parse_version(raw: object) -> int:
    """`to_version`, the number of a kept version."""
    number = read_object("patch", raw, {"to_version"})["to_version"]
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number < 2**31:
        raise InvalidDefinition("to_version", "must be a whole number from 1")
    return number


def parse_mode(raw: object) -> Mode:
    """What a list of members does to those that are there; it replaces them unless it says otherwise."""
    if raw is not None and raw not in list(Mode):
        raise InvalidDefinition("mode", f"must be one of {', '.join(Mode)}")
    return Mode.REPLACE if raw is None else Mode(str(raw))


def check_texts(path: str, raw: object) -> None:
    """Refuse a text that the database cannot keep, at any depth."""
    if isinstance(raw, str):
        read_text(path, raw, at_most=len(raw), at_least=0)
    elif isinstance(raw, dict):
        for name, value in raw.items():
            check_texts(path, name)
            check_texts(f"{path}.{name}", value)
    elif isinstance(raw, list):
        for n, value in enumerate(raw):
            check_texts(f"{path}[{n}]", value)


def _status(raw: object) -> FlagStatus:
    if raw not in ("ON", "OFF"):
        raise InvalidDefinition("status", "must be ON or OFF")
    return FlagStatus(str(raw).lower())


def _variant(path: str, raw: object) -> tuple[str, object]:
    fields = read_object(path, raw, {"key", "value"})
    return read_text(f"{path}.key", fields["key"], MAX_KEY_LENGTH), fields["value"]


_PARSE: dict[str, Callable[[object], Any]] = {
    "status": _status,
    "rules": parse_rules,
    "default_variant": lambda raw: read_text("default_variant", raw, MAX_KEY_LENGTH),
    "off_variant": lambda raw: read_text("off_variant", raw, MAX_KEY_LENGTH),
    "prerequisites": parse_prerequisites,
    "overrides": parse_overrides,
}
