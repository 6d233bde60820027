"""Values locked by the process environment: names, and how text becomes a value of the flag's type."""

import math
import re
from collections.abc import Callable

import orjson

from apps.flags.domain.engine.definitions import FlagType, Lock, Variant

PREFIX = "PULSEOPS_FEATURE_"
TRUE, FALSE = {"true", "1", "on", "yes"}, {"false", "0", "off", "no"}
FROM_ENVIRONMENT = "environment"  # the variant's name when no variant has the value


class UnreadableLock(ValueError):
    """The text is neither a variant of the flag nor a value of its type."""


def variable_name(key: str) -> str:
    """`aiSummarization` and `ai-summarization` both become `PULSEOPS_FEATURE_AI_SUMMARIZATION`."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", key)
    return PREFIX + re.sub(r"[^A-Za-z0-9]+", "_", words).upper()


def read_lock(text: str, *, type: FlagType, variants: tuple[Variant, ...], source: str) -> Lock:
    """A variant's key, or a value of the flag's type. Raises UnreadableLock."""
    for variant in variants:
        if variant.key == text:
            return Lock(variant.key, variant.value, source)
    value = _value(text, type)
    named = (variant.key for variant in variants if variant.value == value)
    return Lock(next(named, FROM_ENVIRONMENT), value, source)


def _value(text: str, type: FlagType) -> object:
    try:
        return _READERS[type](text)
    except ValueError as error:
        raise UnreadableLock(f"{text!r} is neither a variant nor a value of type {type}") from error


def _boolean(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(text)


def _object(text: str) -> dict[str, object]:
    value = orjson.loads(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_READERS: dict[FlagType, Callable[[str], object]] = {
    FlagType.BOOLEAN: _boolean,
    FlagType.STRING: str,
    FlagType.INTEGER: int,
    FlagType.FLOAT: _float,
    FlagType.OBJECT: _object,
}
