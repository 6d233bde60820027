"""Comparisons in plain English, for sentences, diffs and the builder. Decides nothing."""

from collections.abc import Sequence

from .engine.definitions import Compare, In, Operator
from .engine.operators import is_timely
from .engine.parsing import OPERATORS

MAX_NAMED = 3  # values spelled out before a list is cut short
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

# Operator to what it says of an attribute, and what its opposite says.
PHRASES: dict[str, tuple[str, str]] = {
    "eq": ("is", "is not"),
    "in": ("is", "is not"),
    "exists": ("is present", "is missing"),
    "starts_with": ("starts with", "does not start with"),
    "ends_with": ("ends with", "does not end with"),
    "contains": ("contains", "does not contain"),
    "regex": ("matches", "does not match"),
    "lt": ("is less than", "is not less than"),
    "lte": ("is at most", "is not at most"),
    "gt": ("is more than", "is not more than"),
    "gte": ("is at least", "is not at least"),
    "between": ("is between", "is not between"),
    "before": ("is before", "is not before"),
    "after": ("is after", "is not after"),
    "older_than": ("is more than", "is not more than"),
    "newer_than": ("is less than", "is not less than"),
    "semver_eq": ("is version", "is not version"),
    "semver_lt": ("is below version", "is not below version"),
    "semver_lte": ("is at most version", "is above version"),
    "semver_gt": ("is above version", "is not above version"),
    "semver_gte": ("is at least version", "is below version"),
    "semver_caret": ("is compatible with version", "is not compatible with version"),
    "semver_tilde": ("is a patch of version", "is not a patch of version"),
    "cidr": ("is in network", "is not in network"),
    "has_all": ("has all of", "does not have all of"),
    "size": ("has a size from", "does not have a size from"),
}
assert PHRASES.keys() == set(OPERATORS)


def comparison(condition: In | Compare, *, negated: bool = False) -> str:
    """As in "plan.name is free or pro" and "created_at is less than 7 days ago"."""
    name = "in" if isinstance(condition, In) else condition.operator.value
    case = " (any case)" if condition.ignore_case else ""
    return " ".join([".".join(condition.path), PHRASES[name][negated], *_operand(condition)]) + case


def criterion(condition: In | Compare, *, negated: bool = False) -> str:
    """The comparison, and what it makes of a missing attribute where that is not simply false."""
    missing = (" (not when missing)" if negated else " (also when missing)") if condition.if_missing else ""
    return comparison(condition, negated=negated) + missing


def _operand(condition: In | Compare) -> list[str]:
    if isinstance(condition, In):
        return [listed(condition.values, last="or")]
    match condition.value:
        case None:
            return []
        case tuple() as values:
            words = _JOINED.get(condition.operator, "or")
            return [listed(values, last=words)]
        case int() | float() as seconds if is_timely(condition.operator):
            return [duration(seconds), "ago"]
        case str() as moment if condition.operator in (Operator.BEFORE, Operator.AFTER):
            return [f"{moment[:16].replace('T', ' ')} UTC"]
        case value:
            return [str(value)]


_JOINED = {Operator.BETWEEN: "and", Operator.SIZE: "to", Operator.HAS_ALL: "and"}


def duration(seconds: int | float) -> str:
    """In the largest unit that leaves a whole number, as in "7 days"."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds % size == 0), (1, "second"))
    count = seconds / size
    return f"{count:g} {unit}" if count == 1 else f"{count:,g} {unit}s"


def listed(values: Sequence[object], *, last: str) -> str:
    """ "a, b or c", cut short when long."""
    named = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    if len(named) > MAX_NAMED:
        named = [*named[:MAX_NAMED], f"{len(named) - MAX_NAMED} more"]
    return f" {last} ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)
