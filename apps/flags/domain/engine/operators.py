"""What each operator compares with, and what it makes of a value. One table; parsing, facts and explain read it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from . import operands
from .definitions import Compare, Operand, Operator, Scalar
from .versions import Version, caret, read_version, tilde

Test = Callable[[object, float], bool]  # (value, now in seconds since 1970): whether it holds
Plain = Callable[[Any], bool]

_MILLISECONDS_FROM = 100_000_000_000  # seconds would be the year 5138, so a number this large is milliseconds
_LONGEST_MOMENT = 64  # characters


class _Operator(NamedTuple):
    read: Callable[[str, object], Operand]  # the operand from JSON, or InvalidDefinition with its path
    build: Callable[[Any, bool], Test]  # (operand, ignore_case) to the test
    whole: bool = False  # looks at an array as a whole; the others look at each element
    ignores_case: bool = False  # has texts to compare
    timely: bool = False  # depends on now


def read_operand(operator: Operator, path: str, raw: object) -> Operand:
    """Raises InvalidDefinition."""
    return _OPERATORS[operator].read(path, raw)


def compares_text(operator: Operator) -> bool:
    return _OPERATORS[operator].ignores_case


def is_timely(operator: Operator) -> bool:
    """Whether the answer changes as time passes, the value staying the same."""
    return _OPERATORS[operator].timely


def looks_at_whole(operator: Operator) -> bool:
    return _OPERATORS[operator].whole


def test_of(condition: Compare) -> Test:
    """The test of one value, or of the array as a whole where `looks_at_whole`. Raises nothing on JSON values."""
    return _OPERATORS[condition.operator].build(condition.value, condition.ignore_case)


def holds(condition: Compare, actual: object, at: float) -> bool:
    """Whether the condition holds for an attribute's value, arrays and missing values included."""
    if actual is None:
        return condition.if_missing
    test = test_of(condition)
    if isinstance(actual, list | tuple) and not looks_at_whole(condition.operator):
        return any(test(item, at) for item in actual)
    return test(actual, at)


def same(actual: object, value: Scalar) -> bool:
    """JSON equality: texts, booleans and numbers never equal one another, 1 and 1.0 do."""
    if isinstance(actual, bool) or isinstance(value, bool):
        return actual is value
    if isinstance(actual, str) or isinstance(value, str):
        return isinstance(actual, str) and actual == value
    return isinstance(actual, int | float) and actual == value


# --- texts ----------------------------------------------------------------------------------------


def _affix(compare: Callable[[str, str], bool]) -> Callable[[tuple[str, ...], bool], Test]:
    def build(wanted: tuple[str, ...], ignore_case: bool) -> Test:
        if ignore_case:
            folded = tuple(text.casefold() for text in wanted)
            return _of_text(lambda text: any(compare(text.casefold(), one) for one in folded))
        return _of_text(lambda text: any(compare(text, one) for one in wanted))

    return build


def _of_text(test: Callable[[str], bool]) -> Test:
    return lambda value, at: isinstance(value, str) and test(value)


def _regex(pattern: str, ignore_case: bool) -> Test:
    search = operands.compiled(pattern, ignore_case).search

    def test(value: object, at: float) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return search(value.encode()) is not None
        except UnicodeEncodeError:  # half a surrogate pair matches nothing
            return False

    return test


# --- numbers, dates, versions, addresses -----------------------------------------------------------


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(compare: Callable[[Any, Any], bool]) -> Callable[[int | float, bool], Test]:
    return lambda bound, _: lambda value, at: _is_number(value) and compare(value, bound)


def _between(bounds: tuple[int | float, int | float], _: bool) -> Test:
    low, high = bounds
    return lambda value, at: isinstance(value, int | float) and _is_number(value) and low <= value <= high


def moment(value: object) -> float | None:
    """Seconds since 1970 of an ISO 8601 text or a number of seconds or milliseconds; None when it is neither."""
    try:
        if isinstance(value, str) and len(value) <= _LONGEST_MOMENT:
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if abs(value) < _MILLISECONDS_FROM else value / 1000
    except (ValueError, OverflowError):
        return None
    return None


def _date(compare: Callable[[float, float], bool]) -> Callable[[str, bool], Test]:
    def build(bound: str, _: bool) -> Test:
        limit = datetime.fromisoformat(bound).timestamp()
        return lambda value, at: (found := moment(value)) is not None and compare(found, limit)

    return build


def _age(compare: Callable[[float, float], bool]) -> Callable[[float, bool], Test]:
    return lambda seconds, _: lambda value, at: (found := moment(value)) is not None and compare(found, at - seconds)


def _version(compare: Callable[[Version, Version], bool]) -> Callable[[str, bool], Test]:
    def build(bound: str, _: bool) -> Test:
        limit = read_version(bound)
        return lambda value, at: bool(limit and (found := read_version(value)) and compare(found, limit))

    return build


def _version_range(upper: Callable[[Version], Version]) -> Callable[[str, bool], Test]:
    def build(bound: str, _: bool) -> Test:
        low = read_version(bound)
        high = upper(low) if low else None
        return lambda value, at: bool(low and high and (found := read_version(value)) and low <= found < high)

    return build


def _cidr(wanted: tuple[str, ...], _: bool) -> Test:
    networks = [ip_network(one) for one in wanted]

    def test(value: object, at: float) -> bool:
        if not isinstance(value, str):
            return False
        try:
            address = ip_address(value)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in networks)

    return test


# --- arrays ---------------------------------------------------------------------------------------


def _has_all(wanted: tuple[Scalar, ...], ignore_case: bool) -> Test:
    def distinct(values: Iterable[object]) -> set[object]:
        """Of scalars; Python counts True as 1, so booleans are marked."""
        folded = (one.casefold() if ignore_case and isinstance(one, str) else one for one in values)
        return {(one,) if isinstance(one, bool) else one for one in folded if isinstance(one, str | int | float)}

    needed = distinct(wanted)
    return lambda value, at: needed <= distinct(value if isinstance(value, list | tuple) else (value,))


def _size(bounds: tuple[int, int], _: bool) -> Test:
    low, high = bounds
    return lambda value, at: isinstance(value, list | tuple) and low <= len(value) <= high


_OPERATORS: dict[Operator, _Operator] = {
    Operator.EXISTS: _Operator(operands.nothing, lambda _, __: lambda value, at: True, whole=True),
    Operator.STARTS_WITH: _Operator(operands.texts, _affix(str.startswith), ignores_case=True),
    Operator.ENDS_WITH: _Operator(operands.texts, _affix(str.endswith), ignores_case=True),
    Operator.CONTAINS: _Operator(operands.texts, _affix(str.__contains__), ignores_case=True),
    Operator.REGEX: _Operator(operands.pattern, _regex, ignores_case=True),
    Operator.LT: _Operator(operands.number, _number(lt)),
    Operator.LTE: _Operator(operands.number, _number(le)),
    Operator.GT: _Operator(operands.number, _number(gt)),
    Operator.GTE: _Operator(operands.number, _number(ge)),
    Operator.BETWEEN: _Operator(operands.bounds, _between),
    Operator.BEFORE: _Operator(operands.instant, _date(lt)),
    Operator.AFTER: _Operator(operands.instant, _date(gt)),
    Operator.OLDER_THAN: _Operator(operands.seconds, _age(le), timely=True),
    Operator.NEWER_THAN: _Operator(operands.seconds, _age(gt), timely=True),
    Operator.SEMVER_EQ: _Operator(operands.full_version, _version(lambda one, other: one == other)),
    Operator.SEMVER_LT: _Operator(operands.full_version, _version(lt)),
    Operator.SEMVER_LTE: _Operator(operands.full_version, _version(le)),
    Operator.SEMVER_GT: _Operator(operands.full_version, _version(gt)),
    Operator.SEMVER_GTE: _Operator(operands.full_version, _version(ge)),
    Operator.SEMVER_CARET: _Operator(operands.full_version, _version_range(caret)),
    Operator.SEMVER_TILDE: _Operator(operands.full_version, _version_range(tilde)),
    Operator.CIDR: _Operator(operands.networks, _cidr),
    Operator.HAS_ALL: _Operator(operands.scalars, _has_all, whole=True, ignores_case=True),
    Operator.SIZE: _Operator(operands.sizes, _size, whole=True),
}
