"""A second reading of docs/api.md and docs/concepts.md, over plain JSON, as slow and literal as it gets. It shares no
code with the engine, so that the two can be held against each other."""

from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import mmh3
import re2

Json = Any
Context = dict[str, Any]
Answer = tuple[str | None, str, str | None]  # variant, reason, deciding rule; an error: None, its code, None
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class World:
    """The flags and segments of an environment as JSON, at a moment in seconds since 1970.

    `broken` are flags that answer an error whatever is asked; they serve nothing that a prerequisite could want.
    """

    def __init__(self, flags: dict[str, Json], segments: dict[str, Json], at: float, broken: set[str]) -> None:
        self.flags, self.segments, self.at, self.broken = flags, segments, at, broken

    def evaluate(self, key: str, context: Context) -> Answer:
        flag = self.flags[key]
        if flag["status"] == "killed":
            return flag["off_variant"], "DISABLED", None
        if flag["locked"] is not None:
            return flag["locked"], "STATIC", None
        if flag["status"] == "off":
            return flag["off_variant"], "DISABLED", None
        if not flag["rules"] and not flag["overrides"] and not flag["prerequisites"]:
            return flag["default_variant"], "STATIC", None
        return self.evaluate_on(flag, context)

    def evaluate_on(self, flag: Json, context: Context) -> Answer:
        if not all(self.is_met(one, context) for one in flag["prerequisites"]):
            return flag["off_variant"], "DEFAULT", None
        for override in flag["overrides"]:
            if self.is_for(override, context):
                return override["variant"], "TARGETING_MATCH", None
        for rule in flag["rules"]:
            if self.is_open(rule.get("window")) and self.holds(rule["when"], context):
                return self.serve(flag, rule, context)
        return flag["default_variant"], "DEFAULT", None

    def is_for(self, override: Json, context: Context) -> bool:
        expires = override["expires_at"]
        named = unit(context.get("targetingKey")) in override["targeting_keys"]
        return named and (expires is None or self.at < seconds(expires))

    def is_met(self, prerequisite: Json, context: Context) -> bool:
        other = prerequisite["flag"]
        if other not in self.flags or other in self.broken:
            return False
        return self.evaluate(other, context)[0] in prerequisite["variants"]

    def is_open(self, window: Json) -> bool:
        if window is None:
            return True
        starts, ends = window["starts_at"], window["ends_at"]
        return (starts is None or seconds(starts) <= self.at) and (ends is None or self.at < seconds(ends))

    def serve(self, flag: Json, rule: Json, context: Context) -> Answer:
        serve = rule["serve"]
        if "variant" in serve:
            return serve["variant"], "TARGETING_MATCH", rule["id"]
        paths = [serve.get("by", ["targetingKey"])]
        if "fallback_by" in serve:
            paths.append(serve["fallback_by"])
        found = [value for value in (attribute(context, path) for path in paths) if value is not None and value != ""]
        if not found:
            return None, "TARGETING_KEY_MISSING" if ["targetingKey"] in paths else "INVALID_CONTEXT", None
        who = unit(found[0])
        if who is None:
            return None, "INVALID_CONTEXT", None
        bucket = mmh3.hash(f"{flag['salt']}.{who}".encode(), signed=False) * 100_000 >> 32
        weights = dict(serve["split"])
        for variant in flag["variants"]:
            bucket -= weights.get(variant, 0)
            if bucket < 0:
                return variant, "SPLIT", rule["id"]
        raise AssertionError("the weights do not add up")

    def holds(self, when: Json, context: Context) -> bool:
        if when is None:
            return True
        for group in ("all", "any", "none"):
            if group in when:
                held = [self.holds(one, context) for one in when[group]]
                return {"all": all(held), "any": any(held), "none": not any(held)}[group]
        if "not" in when:
            return not self.holds(when["not"], context)
        if "segment" in when:
            return any(self.in_segment(key, context) for key in when["segment"])
        return self.compares(when, attribute(context, when["attr"]))

    def in_segment(self, key: str, context: Context) -> bool:
        if key == "all":
            return True
        if self.compares({"op": "in", "value": [key]}, context.get("groups")):
            return True
        segment = self.segments.get(key)
        if segment is None:
            return False
        if unit(context.get("targetingKey")) in segment["members"]:
            return True
        rule = segment["rule"]
        return rule is not None and not self.circles(key, ()) and self.holds(rule, context)

    def circles(self, key: str, path: tuple[str, ...]) -> bool:
        """Whether the segment's rule leads into a circle: saving refuses that, so it adds nobody."""
        if key in path:
            return True
        if key not in self.segments or key == "all":
            return False
        return any(self.circles(one, (*path, key)) for one in named(self.segments[key]["rule"]))

    def compares(self, when: Json, actual: Json) -> bool:
        if when["op"] == "exists":
            return actual is not None
        if actual is None:
            return bool(when.get("if_missing", False))
        op, value, fold = when["op"], when["value"], when.get("ignore_case", False)
        is_array = isinstance(actual, list)
        if op == "size":
            return is_array and value[0] <= len(actual) <= value[1]
        if op == "has_all":
            return all(any(equal(item, one, fold) for item in (actual if is_array else [actual])) for one in value)
        return any(self.matches(op, value, fold, item) for item in (actual if is_array else [actual]))

    def matches(self, op: str, value: Json, fold: bool, item: Json) -> bool:
        if isinstance(item, (list, dict)) or item is None:
            return False
        if op in ("in", "eq"):
            return any(equal(item, one, fold) for one in (value if op == "in" else [value]))
        if op in ("starts_with", "ends_with", "contains", "regex"):
            return isinstance(item, str) and text_matches(op, value, fold, item)
        if op in ("before", "after", "older_than", "newer_than"):
            return self.moment_matches(op, value, item)
        if op == "cidr":
            return address_matches(value, item)
        return version_matches(op, value, item) if op.startswith("semver_") else number_matches(op, value, item)

    def moment_matches(self, op: str, value: Json, item: Json) -> bool:
        found = moment(item)
        if found is None:
            return False
        if op == "before":
            return found < seconds(value)
        if op == "after":
            return found > seconds(value)
        then = float(self.at - value)
        return found <= then if op == "older_than" else found > then


def attribute(context: Context, path: list[str]) -> Json:
    found: Json = context
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def named(when: Json) -> list[str]:
    if isinstance(when, list):
        return [key for one in when for key in named(one)]
    if not isinstance(when, dict):
        return []
    if "segment" in when:
        return list(when["segment"])
    return [key for name in ("all", "any", "none", "not") if name in when for key in named(when[name])]


def unit(value: Json) -> str | None:
    """A text that UTF-8 can carry, or a whole number of at most 64 bits; 42 and "42" are one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int) and -(2**64) < value < 2**64:
        return str(value)
    if isinstance(value, str) and value and encoded(value) is not None:
        return value
    return None


def encoded(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(item: Json, value: Json, fold: bool) -> bool:
    if isinstance(item, str) and isinstance(value, str):
        return item.casefold() == value.casefold() if fold else item == value
    if is_number(item) and is_number(value):
        return bool(item == value)
    return isinstance(item, bool) and isinstance(value, bool) and item == value


def text_matches(op: str, value: Json, fold: bool, item: str) -> bool:
    if op == "regex":
        data, flags = encoded(item), "(?i)" if fold else ""
        return data is not None and re2.search((flags + value).encode(), data) is not None
    for wanted in value:
        text, part = (item.casefold(), wanted.casefold()) if fold else (item, wanted)
        place = text.find(part)
        if op == "starts_with" and place == 0:
            return True
        if op == "ends_with" and text[len(text) - len(part) :] == part and len(part) <= len(text):
            return True
        if op == "contains" and place >= 0:
            return True
    return False


def number_matches(op: str, value: Json, item: Json) -> bool:
    if not is_number(item):
        return False
    if op == "between":
        return bool(value[0] <= item <= value[1])
    return bool({"lt": item < value, "lte": item <= value, "gt": item > value, "gte": item >= value}[op])


def seconds(text: str) -> float:
    found = moment(text)
    assert found is not None
    return found


def moment(value: Json) -> float | None:
    if is_number(value):
        try:
            return float(value) if abs(value) < 100_000_000_000 else value / 1000
        except OverflowError:
            return None
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return (aware - EPOCH).total_seconds()


def version(text: Json) -> tuple[tuple[int, ...], list[str] | None] | None:
    """The three numbers, and the identifiers of the pre-release; None is no version."""
    if not isinstance(text, str) or not text.isascii():
        return None
    plain, plus, build = text.partition("+")
    core, dash, pre = plain.partition("-")
    numbers, identifiers = core.split("."), pre.split(".")
    letters = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
    parts = (identifiers if dash else []) + (build.split(".") if plus else [])
    if not all(part and set(part) <= letters for part in parts):
        return None
    whole = [one for one in (*numbers, *(identifiers if dash else [])) if one in numbers or one.isdigit()]
    if len(numbers) > 3 or not all(one.isdigit() and (one == "0" or one[0] != "0") for one in whole):
        return None
    found = [int(one) for one in numbers]
    return tuple(found + [0] * (3 - len(found))), identifiers if dash else None


def precedes(one: tuple[tuple[int, ...], list[str] | None], other: tuple[tuple[int, ...], list[str] | None]) -> bool:
    """semver.org, section 11."""
    if one[0] != other[0]:
        return one[0] < other[0]
    if one[1] is None or other[1] is None:
        return one[1] is not None and other[1] is None
    for mine, theirs in zip(one[1], other[1], strict=False):
        if mine != theirs:
            if mine.isdigit() and theirs.isdigit():
                return int(mine) < int(theirs)
            return mine.isdigit() if mine.isdigit() or theirs.isdigit() else mine < theirs
    return len(one[1]) < len(other[1])


def version_matches(op: str, value: str, item: Json) -> bool:
    low, found = version(value), version(item)
    if low is None or found is None:
        return False
    below, above = precedes(found, low), precedes(low, found)
    if op in ("semver_caret", "semver_tilde"):
        return not below and found[0] < next_change(op, low[0])
    return {
        "semver_eq": not below and not above,
        "semver_lt": below,
        "semver_lte": not above,
        "semver_gt": above,
        "semver_gte": not below,
    }[op]


def next_change(op: str, numbers: tuple[int, ...]) -> tuple[int, ...]:
    major, minor, patch = numbers
    if op == "semver_tilde" or (major == 0 and minor > 0):
        return major, minor + 1, 0
    return (0, 0, patch + 1) if major == 0 else (major + 1, 0, 0)


def address_matches(value: list[str], item: Json) -> bool:
    if not isinstance(item, str):
        return False
    try:
        address = ip_address(item)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    networks = [ip_network(one) for one in value]
    return any(address.version == one.version and address in one for one in networks)
