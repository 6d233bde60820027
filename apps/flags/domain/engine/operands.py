"""What each operator compares with, read from JSON and refused with its path. The comparing is in operators.py."""

from functools import lru_cache
from ipaddress import ip_network
from typing import Any

import re2

from .definitions import InvalidDefinition, Scalar
from .limits import MAX_PATTERN_LENGTH, MAX_TRIED
from .reading import read_list, read_moment, read_number, read_scalar, read_text
from .versions import read_version

_MAX_REGEX_MEMORY = 1 << 20  # bytes; a pattern that needs more is refused


def nothing(path: str, raw: object) -> None:
    if raw is not None:
        raise InvalidDefinition(path, "exists compares with nothing; leave the value out")


def texts(path: str, raw: object) -> tuple[str, ...]:
    return tuple(read_text(*item) for item in read_list(path, raw, MAX_TRIED))


def scalars(path: str, raw: object) -> tuple[Scalar, ...]:
    return tuple(read_scalar(*item) for item in read_list(path, raw, MAX_TRIED))


def pattern(path: str, raw: object) -> str:
    pattern = read_text(path, raw, MAX_PATTERN_LENGTH)
    try:
        compiled(pattern, ignore_case=False)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error
        raise InvalidDefinition(path, f"is not a regular expression in RE2's syntax: {said}") from None
    return pattern


def number(path: str, raw: object) -> int | float:
    return read_number(path, raw)


def bounds(path: str, raw: object) -> tuple[int | float, int | float]:
    low, high = (read_number(*item) for item in read_list(path, raw, at_most=2, at_least=2))
    if low > high:
        raise InvalidDefinition(path, "the first number must not be larger than the second")
    return low, high


def sizes(path: str, raw: object) -> tuple[int, int]:
    low, high = bounds(path, raw)
    if not isinstance(low, int) or not isinstance(high, int) or low < 0:
        raise InvalidDefinition(path, "must be two whole numbers from 0 on: the smallest and the largest size")
    return low, high


def instant(path: str, raw: object) -> str:
    return read_moment(path, raw).isoformat()


def seconds(path: str, raw: object) -> int | float:
    seconds = read_number(path, raw)
    if seconds <= 0:
        raise InvalidDefinition(path, "must be a number of seconds above 0")
    return seconds


def full_version(path: str, raw: object) -> str:
    text = read_text(path, raw)
    if read_version(text, whole=True) is None:
        raise InvalidDefinition(path, "must be a version such as 2.10.0 or 3.0.0-beta.1 (semver.org)")
    return text


def networks(path: str, raw: object) -> tuple[str, ...]:
    found = texts(path, raw)
    for n, one in enumerate(found):
        try:
            ip_network(one)
        except ValueError as error:
            raise InvalidDefinition(f"{path}[{n}]", f"is not a network such as 10.0.0.0/8: {error}") from None
    return found


@lru_cache(maxsize=2_000)
def compiled(pattern: str, ignore_case: bool) -> Any:
    """An RE2 program: linear in the text's length, whatever the pattern. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    options.max_mem = _MAX_REGEX_MEMORY
    return re2.compile(pattern.encode(), options)
