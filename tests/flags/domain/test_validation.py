"""Every problem of a flag, with its place."""

from datetime import UTC, datetime

import pytest

from apps.flags.domain.engine import limits
from apps.flags.domain.engine.definitions import (
    Fixed,
    Flag,
    FlagType,
    Lock,
    Override,
    Prerequisite,
    Rule,
    Split,
    Variant,
    Window,
)
from apps.flags.domain.engine.validation import validate_flag
from tests.flags.domain.build import flag, ramp, rule

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def places(of: Flag) -> list[str]:
    return [path for path, _ in validate_flag(of)]


def with_value(type: FlagType, value: object) -> Flag:
    return flag(type=type, variants=(Variant("v", value),), default="v", off="v")


def with_weights(*weights: tuple[str, int]) -> Flag:
    return flag(rule(Split(weights)))


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (FlagType.BOOLEAN, False),
        (FlagType.STRING, ""),
        (FlagType.INTEGER, -(2**53)),
        (FlagType.FLOAT, 1),
        (FlagType.FLOAT, 1.5),
        (FlagType.OBJECT, {}),
        (FlagType.OBJECT, {"a": [None, True, 1, 1.5, "x", {"b": {}}]}),
        (FlagType.STRING, "x" * (limits.MAX_VALUE_BYTES - 2)),
    ],
)
def test_values_that_fit_the_type(type: FlagType, value: object) -> None:
    assert validate_flag(with_value(type, value)) == []


@pytest.mark.parametrize(
    ("type", "value", "said"),
    [
        (FlagType.BOOLEAN, 1, "true or false"),
        (FlagType.BOOLEAN, None, "true or false"),
        (FlagType.STRING, 1, "a text"),
        (FlagType.INTEGER, True, "a whole number"),
        (FlagType.INTEGER, 1.0, "a whole number"),
        (FlagType.INTEGER, "1", "a whole number"),
        (FlagType.FLOAT, False, "a number"),
        (FlagType.FLOAT, "1.0", "a number"),
        (FlagType.OBJECT, [], "a JSON object"),
        (FlagType.OBJECT, None, "a JSON object"),
        (FlagType.INTEGER, 2**53 + 1, "2^53"),
        (FlagType.FLOAT, 2**53 + 1, "2^53"),
        (FlagType.FLOAT, float("nan"), "finite"),
        (FlagType.FLOAT, float("-inf"), "finite"),
        (FlagType.STRING, "\ud800", "cannot carry"),
        (FlagType.STRING, "a\0b", "cannot carry"),
        (FlagType.STRING, "x" * (limits.MAX_VALUE_BYTES - 1), "bytes"),
    ],
)
def test_values_that_do_not(type: FlagType, value: object, said: str) -> None:
    [(path, message)] = validate_flag(with_value(type, value))
    assert path == "variants[0].value"
    assert said in message


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, float("nan")]}, "variants[0].value.a[1]"),
        ({"a": {"b": 2**60}}, "variants[0].value.a.b"),
        ({"a": {1}}, "variants[0].value.a"),
        ({1: "x"}, "variants[0].value"),
        ({"\ud800": "x"}, "variants[0].value"),
    ],
)
def test_faults_deep_inside_an_object_are_found(value: object, path: str) -> None:
    assert places(with_value(FlagType.OBJECT, value)) == [path]


def test_nesting_has_an_end() -> None:
    deep: dict[str, object] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    [(_, message)] = validate_flag(with_value(FlagType.OBJECT, deep))
    assert "deeper than 16" in message


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (flag(), []),
        (flag(rule(ramp(30_000))), []),
        (flag(key=""), ["key", "salt"]),
        (flag(key="k" * 101), ["key", "salt"]),
        (flag(salt=""), ["salt"]),
        (flag(default="x"), ["default_variant"]),
        (flag(off="x"), ["off_variant"]),
        (flag(rule(Fixed("x"))), ["rules[0].serve.variant"]),
        (flag(rule(Fixed("on")), rule(Fixed("off"))), ["rules[1].id"]),
        (flag(rule(Fixed("on"), id="")), ["rules[0].id"]),
        (flag(variants=()), ["variants", "default_variant", "off_variant"]),
        (flag(variants=(Variant("off", False), Variant("off", True))), ["variants[1].key"]),
        (flag(lock=Lock("on", 1, "X")), ["lock.value"]),
        (flag(lock=Lock("environment", True, "X")), []),  # its own name is allowed
        (with_weights(("on", 50_000), ("x", 50_000)), ["rules[0].serve.split[1].variant"]),
        (with_weights(("on", 50_000), ("on", 50_000)), ["rules[0].serve.split[1].variant"]),
        (with_weights(("on", -1), ("off", 100_001)), ["rules[0].serve.split[0].weight"]),
        (with_weights(("on", True), ("off", 99_999)), ["rules[0].serve.split[0].weight"]),
        (flag(*(Rule(f"r{n}", None, Fixed("on")) for n in range(101))), ["rules"]),
        (flag(variants=tuple(Variant(f"v{n}", True) for n in range(51)), default="v0", off="v1"), ["variants"]),
        (flag(overrides=(Override("x", ("u",)),)), ["overrides[0].variant"]),
        (flag(overrides=(Override("on", ("u", "v")), Override("off", ("v",)))), ["overrides[1].targeting_keys[0]"]),
        (flag(overrides=tuple(Override("on", tuple(f"{n}-{m}" for m in range(501))) for n in range(2))), ["overrides"]),
        (flag(prerequisites=(Prerequisite("checkout", ("on",)),)), ["prerequisites[0].flag"]),
        (flag(prerequisites=(Prerequisite("base", ()),)), ["prerequisites[0].variants"]),
        (flag(prerequisites=(Prerequisite("b", ("on",)), Prerequisite("b", ("off",)))), ["prerequisites[1].flag"]),
        (flag(Rule("r", None, Fixed("on"), Window(NOON, NOON))), ["rules[0].window.ends_at"]),
    ],
)
def test_places(of: Flag, expected: list[str]) -> None:
    assert places(of) == expected


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ((("on", 30_000), ("off", 60_000)), "the weights add up to 90 %, 10 % is missing"),
        ((("on", 33_333), ("off", 66_666)), "the weights add up to 99.999 %, 0.001 % is missing"),
        ((("on", 60_000), ("off", 60_000)), "the weights add up to 120 %, 20 % too much"),
        ((), "the weights add up to 0 %, 100 % is missing"),
    ],
)
def test_weights_say_how_much_is_missing(weights: tuple[tuple[str, int], ...], said: str) -> None:
    assert validate_flag(with_weights(*weights)) == [("rules[0].serve.split", said)]


def test_all_problems_are_told_at_once() -> None:
    of = flag(rule(Split((("x", 1),))), variants=(Variant("off", 1),), default="y")
    assert places(of) == [
        "variants[0].value",
        "default_variant",
        "rules[0].serve.split[0].variant",
        "rules[0].serve.split",
    ]
