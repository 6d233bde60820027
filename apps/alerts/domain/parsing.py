"""Reads and writes the JSON of alert rules. Checks shape and size; what makes no sense is named by problems.py."""

from enum import StrEnum
from typing import TypeVar

from apps.core.domain.units import Unit
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import Raw, read_list, read_number, read_object, read_text

from .labels import dump_matchers, read_matchers
from .limits import DAY, MAX_ACROSS, MAX_KEY_LENGTH, MAX_NAME_LENGTH, MAX_TEXT_LENGTH
from .rules import Aggregate, Baseline, Comparison, Denominator, NoData, Query, Relative, Rule, Severity

_NEEDED = {"key", "name", "severity", "query", "comparison", "threshold"}
_OPTIONAL = {
    "recovery_threshold",
    "relative",
    "for_seconds",
    "keep_firing_for_seconds",
    "no_data",
    "forget_seconds",
    "pair",
    "guard",
    "unit",
    "description",
}
Choice = TypeVar("Choice", bound=StrEnum)


def parse_rule(raw: object) -> Rule:
    """A rule from JSON: an object with the fields of Rule, those with a default left out where it fits. Raises
    InvalidDefinition at the first fault."""
    fields = read_object("rule", raw, _NEEDED, _OPTIONAL)
    recovery = fields.get("recovery_threshold")
    return Rule(
        key=read_text("key", fields["key"], MAX_KEY_LENGTH),
        name=read_text("name", fields["name"], MAX_NAME_LENGTH),
        severity=read_choice("severity", fields["severity"], Severity),
        query=parse_query(fields["query"]),
        comparison=read_choice("comparison", fields["comparison"], Comparison),
        threshold=read_number("threshold", fields["threshold"]),
        recovery_threshold=None if recovery is None else read_number("recovery_threshold", recovery),
        relative=_relative(fields.get("relative")),
        for_seconds=read_seconds("for_seconds", fields.get("for_seconds", 0)),
        keep_firing_for_seconds=read_seconds("keep_firing_for_seconds", fields.get("keep_firing_for_seconds", 0)),
        no_data=read_choice("no_data", fields.get("no_data", NoData.OK), NoData),
        forget_seconds=read_seconds("forget_seconds", fields.get("forget_seconds", DAY)),
        pair=read_text("pair", fields.get("pair", ""), MAX_KEY_LENGTH, at_least=0),
        guard=read_text("guard", fields.get("guard", ""), MAX_KEY_LENGTH, at_least=0),
        unit=read_choice("unit", fields.get("unit", Unit.NUMBER), Unit),
        description=read_text("description", fields.get("description", ""), MAX_TEXT_LENGTH, at_least=0),
    )


def parse_query(raw: object, path: str = "query") -> Query:
    """`{"metric", "aggregate", "window_seconds"}`, perhaps with `matchers`, `across` and `denominator`."""
    fields = read_object(
        path, raw, {"metric", "aggregate", "window_seconds"}, optional={"matchers", "across", "denominator"}
    )
    across = fields.get("across")
    return Query(
        metric=read_text(f"{path}.metric", fields["metric"], MAX_NAME_LENGTH),
        aggregate=read_choice(f"{path}.aggregate", fields["aggregate"], Aggregate),
        window_seconds=read_seconds(f"{path}.window_seconds", fields["window_seconds"]),
        matchers=read_matchers(f"{path}.matchers", fields.get("matchers", [])),
        across=None if across is None else read_names(f"{path}.across", across, MAX_ACROSS),
        denominator=_denominator(f"{path}.denominator", fields.get("denominator")),
    )


def dump_rule(rule: Rule) -> Raw:
    """The JSON that parse_rule reads back to an equal rule, every field written out."""
    plain: Raw = {name: getattr(rule, name) for name in Rule.__slots__}
    enums: Raw = {name: value.value for name, value in plain.items() if isinstance(value, StrEnum)}
    relative = rule.relative and {"baseline": rule.relative.baseline.value, "minimum": rule.relative.minimum}
    return plain | enums | {"query": dump_query(rule.query), "relative": relative}


def dump_query(query: Query) -> Raw:
    return {
        "metric": query.metric,
        "aggregate": query.aggregate.value,
        "window_seconds": query.window_seconds,
        "matchers": dump_matchers(query.matchers),
        "across": None if query.across is None else list(query.across),
        "denominator": query.denominator and _dump_denominator(query.denominator),
    }


def read_choice(path: str, raw: object, choices: type[Choice]) -> Choice:
    if not isinstance(raw, str) or raw not in list(choices):
        raise InvalidDefinition(path, f"must be one of {', '.join(choices)}")
    return choices(raw)


def read_seconds(path: str, raw: object) -> int:
    """How many there may be is said in problems.py."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise InvalidDefinition(path, "must be a whole number of seconds")
    return raw


def read_names(path: str, raw: object, at_most: int) -> tuple[str, ...]:
    return tuple(read_text(*item, MAX_NAME_LENGTH) for item in read_list(path, raw, at_most, at_least=0))


def _denominator(path: str, raw: object) -> Denominator | None:
    if raw is None:
        return None
    fields = read_object(path, raw, {"metric"}, optional={"matchers", "minimum"})
    return Denominator(
        read_text(f"{path}.metric", fields["metric"], MAX_NAME_LENGTH),
        read_matchers(f"{path}.matchers", fields.get("matchers", [])),
        read_number(f"{path}.minimum", fields.get("minimum", 0)),
    )


def _dump_denominator(denominator: Denominator) -> Raw:
    matchers = dump_matchers(denominator.matchers)
    return {"metric": denominator.metric, "matchers": matchers, "minimum": denominator.minimum}


def _relative(raw: object) -> Relative | None:
    if raw is None:
        return None
    fields = read_object("relative", raw, {"baseline"}, optional={"minimum"})
    return Relative(
        read_choice("relative.baseline", fields["baseline"], Baseline),
        read_number("relative.minimum", fields.get("minimum", 0)),
    )
