"""JSON bodies into plain values, quickly where they are clean. What they mean is read elsewhere."""

import json
import math

import orjson

from .limits import MAX_BODY_BYTES
from .values import Refusal

_LONGEST_INTEGER = 400  # digits; a float ends at 309
FIELD = "body"


def check_size(body: bytes) -> bytes:
    if len(body) > MAX_BODY_BYTES:
        raise Refusal(FIELD, f"has {len(body):,} bytes; {MAX_BODY_BYTES:,} are allowed")
    return body


def decode_json(body: bytes) -> object:
    """The value in the body. Raises Refusal when it is no JSON at all.

    NaN, infinities, numbers beyond a float and lone surrogates come through: they belong to one item, which is
    refused for them, and the items beside it are good. orjson would refuse the whole body.
    """
    try:
        return orjson.loads(check_size(body))
    except orjson.JSONDecodeError as error:
        return _decode_leniently(body, str(error))


def _decode_leniently(body: bytes, reason: str) -> object:
    try:
        value: object = json.loads(body.decode(), parse_int=_integer)
    except (ValueError, RecursionError):
        raise Refusal(FIELD, f"is not JSON: {reason}") from None
    return value


def _integer(digits: str) -> int | float:
    """Turning a very long number into an integer takes quadratic time."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf
