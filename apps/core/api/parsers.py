"""Reads request bodies. JSON is read strictly: what other readers would understand differently is refused."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32  # objects and arrays inside one another


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return parse(_read(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


class CSVParser(BaseParser):
    """The text of a CSV file. What its columns mean is the view's business."""

    media_type = "text/csv"
    MAX_BYTES = 5_000_000

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return _text(_read(stream, self.MAX_BYTES))


def _read(stream: IO[Any], at_most: int) -> bytes:
    raw: bytes = stream.read(at_most + 1)
    if len(raw) > at_most:
        raise BodyTooLarge(f"The body is larger than {at_most:,} bytes.")
    return raw


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8.") from None


def parse(raw: bytes) -> Any:
    """The JSON value. Raises ParseError, saying what is wrong."""
    try:
        value = json.loads(_text(raw), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except RecursionError:
        raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from None
    _check(value, MAX_DEPTH)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ParseError(f"The body is ambiguous: {_shown(name)} is given twice.")
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise ParseError(f"The body is not JSON: {name} is not a JSON number.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ParseError(f"The number {text[:40]} is too large.")
    return number


def _check(value: object, depth: int) -> None:
    """Refuse what UTF-8 cannot carry and what is nested too deep."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
        for item in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
            _check(item, depth - 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError(f"The text {_shown(text)} holds half a surrogate pair.") from None


def _shown(text: str) -> str:
    return ascii(text[:40])
