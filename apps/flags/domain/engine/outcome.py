"""The answer for one flag, with its finished OFREP 0.3.0 JSON. Deciding the answer happens elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import orjson

Metadata = Mapping[str, bool | int | float | str]


class Reason(StrEnum):
    """The OpenFeature standard reasons that this engine gives."""

    STATIC = "STATIC"
    DEFAULT = "DEFAULT"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    DISABLED = "DISABLED"
    ERROR = "ERROR"


class ErrorCode(StrEnum):
    """The OpenFeature error codes that this engine gives."""

    PARSE_ERROR = "PARSE_ERROR"  # the flag's own definition is unusable
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"
    INVALID_CONTEXT = "INVALID_CONTEXT"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One flag's answer. Built once at compile time and shared by every request that gets it.

    `value` and `metadata` belong to all readers and must not be changed. On an error `value` and
    `variant` are None and `reason` is ERROR.
    """

    key: str
    value: object
    variant: str | None
    reason: Reason
    error_code: ErrorCode | None
    error_details: str | None
    metadata: Metadata
    fragment: bytes  # one JSON object, as OFREP answers it for this flag


def served(key: str, variant: str, value: object, reason: Reason, metadata: Metadata) -> Outcome:
    """An answer with a value. `value` must be valid for the flag's type (a float flag's is a float)."""
    body = {"key": key, "value": value, "reason": reason, "variant": variant, "metadata": metadata}
    return Outcome(key, value, variant, reason, None, None, metadata, orjson.dumps(body))


def failed(key: str, code: ErrorCode, details: str) -> Outcome:
    """An answer without a value: the caller falls back to its code default."""
    body = {"key": key, "errorCode": code, "errorDetails": details}
    return Outcome(key, None, None, Reason.ERROR, code, details, {}, orjson.dumps(body))
