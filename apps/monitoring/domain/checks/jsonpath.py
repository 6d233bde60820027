"""A small part of JSONPath (RFC 9535): names, indexes and wildcards, one after the other. Nothing else of it.

Read: `$`, `.name`, `['name']`, `["name"]`, `[0]`, `[-1]`, `.*`, `[*]`.
Not read: `..`, slices, several selectors in one pair of brackets, filters.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

MAX_LENGTH = 500  # characters in a path
MAX_STEPS = 20
_SAFE = 2**53 - 1  # the largest index, as in RFC 9535


class Every(Enum):
    """The wildcard: every member of an object, every item of an array."""

    ONE = "*"


EVERY: Final = Every.ONE
Step = str | int | Every


class InvalidPath(ValueError):
    """A path that is not read here, and why."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    text: str
    steps: tuple[Step, ...]

    def find(self, document: object) -> list[object]:
        """Every value that the path leads to, in document order; none where it leads nowhere."""
        nodes = [document]
        for step in self.steps:
            nodes = [child for node in nodes for child in _children(node, step)]
        return nodes


# A member's name in short form: letters of any script, digits but not first, and _.
_NAME = r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff][0-9A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff]*+"
_BLANK = r"[ \t\n\r]*+"
_INSIDE = r"(?:[^'\"\\\x00-\x1f\ud800-\udfff]|\\(?:[bfnrt/\\]|u[0-9a-fA-F]{4}))"
_STEP = re.compile(
    rf"{_BLANK}(?:\.(?:(?P<short>{_NAME})|(?P<star>\*))"
    rf"|\[{_BLANK}(?:(?P<every>\*)|(?P<index>0|-?[1-9][0-9]{{0,15}}+)"
    rf"|'(?P<single>(?:{_INSIDE}|\"|\\')*+)'|\"(?P<double>(?:{_INSIDE}|'|\\\")*+)\"){_BLANK}\])"
)


def parse_path(text: str) -> JsonPath:
    """Raises InvalidPath."""
    if not text.startswith("$"):
        raise InvalidPath("must begin with $")
    if len(text) > MAX_LENGTH:
        raise InvalidPath(f"has {len(text):,} characters; {MAX_LENGTH} are allowed")
    steps: list[Step] = []
    place = 1
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise InvalidPath(f"is not understood from character {place + 1}; use .name, ['name'], [0], .* or [*]")
        steps.append(_step(found))
        place = found.end()
    if len(steps) > MAX_STEPS:
        raise InvalidPath(f"has {len(steps)} steps; {MAX_STEPS} are allowed")
    return JsonPath(text, tuple(steps))


def same_json(one: object, other: object) -> bool:
    """Whether two JSON values are equal: numbers by value, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(value, other[name]) for name, value in one.items())
    return one == other


def _step(found: re.Match[str]) -> Step:
    short, index, single, double = found.group("short", "index", "single", "double")
    if short is not None:
        return str(short)
    if index is not None:
        return _index(int(index))
    if single is not None:
        return _unquoted(single.replace(r"\'", "'").replace('"', r"\""))
    if double is not None:
        return _unquoted(double)
    return EVERY


def _index(index: int) -> int:
    if abs(index) > _SAFE:
        raise InvalidPath("has an index beyond 2^53 - 1")
    return index


def _unquoted(escaped: str) -> str:
    name = str(json.loads(f'"{escaped}"'))
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise InvalidPath("has half a surrogate pair in a name")
    return name


def _children(node: object, step: Step) -> list[object]:
    if isinstance(node, dict):
        if step is EVERY:
            return list(node.values())
        return [node[step]] if isinstance(step, str) and step in node else []
    if isinstance(node, list):
        if step is EVERY:
            return node
        return [node[step]] if isinstance(step, int) and -len(node) <= step < len(node) else []
    return []
