"""What each condition means, one row per meaning. Both readings are asked."""

import pytest

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Condition,
    Fixed,
    FlagType,
    In,
    InSegment,
    Not,
    Nothing,
    Variant,
    by_key,
)
from apps.flags.domain.engine.explain import explain, world
from tests.flags.domain.build import NOW, flag, rule, segment

SEGMENTS = (segment("internal", "u-42", "7", "True", "1.0", "None"), segment("empty"))
US = In(("country",), ("US", "CA"))
PRO = In(("plan",), ("pro",))
YES, NO = All(()), Any(())


def holds(condition: Condition, context: dict[str, object]) -> bool:
    asked = flag(rule(Fixed("on"), condition))
    compiled = compile_flag(asked, by_key(SEGMENTS)).evaluate(context, NOW).value
    assert compiled is explain(asked, world((), SEGMENTS), context, NOW).value
    return bool(compiled)


@pytest.mark.parametrize(
    ("values", "actual", "expected"),
    [
        (("US",), "US", True),
        (("US", "CA"), "CA", True),
        (("US",), "us", False),
        (("US",), None, False),
        (("US",), ["DE", "US"], True),
        (("US",), ["DE"], False),
        (("US",), [], False),
        (("US",), [["US"]], False),  # one level of array only
        (("US",), {"US": True}, False),
        ((1,), 1, True),
        ((1,), 1.0, True),
        ((1.5,), 1.5, True),
        ((1,), "1", False),
        (("1",), 1, False),
        ((1,), True, False),
        ((0,), False, False),
        ((True,), True, True),
        ((True,), 1, False),
        ((True,), "true", False),
        ((False,), False, True),
        ((False,), True, False),
        ((False,), None, False),
        ((1, True), [True], True),
        ((2**53,), 2**53 + 1, False),
        (("",), "", True),
        (("\ud800",), "\ud800", True),
        ((1,), float("nan"), False),
        ((), "US", False),
    ],
)
def test_in_compares_strictly_by_type(values: tuple[str | bool | int, ...], actual: object, expected: bool) -> None:
    assert holds(In(("x",), values), {"x": actual}) is expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"a": {"b": "x"}}, True),
        ({"a": {"b": ["y", "x"]}}, True),
        ({"a": {"c": "x"}}, False),
        ({"a": "x"}, False),
        ({"a": [{"b": "x"}]}, False),  # paths do not look into arrays
        ({"a.b": "x"}, False),
        ({}, False),
    ],
)
def test_a_path_walks_objects(context: dict[str, object], expected: bool) -> None:
    assert holds(In(("a", "b"), ("x",)), context) is expected


@pytest.mark.parametrize("actual", [1, True, 0, False, "1"])
def test_values_that_python_calls_equal_are_two_conditions(actual: object) -> None:
    """One flag that asks for 1, True, 0 and False: each is its own fact."""
    asked = flag(
        rule(Fixed("number"), In(("x",), (1,)), "1"),
        rule(Fixed("truth"), In(("x",), (True,)), "2"),
        rule(Fixed("zero"), In(("x",), (0,)), "3"),
        rule(Fixed("lie"), In(("x",), (False,)), "4"),
        type=FlagType.STRING,
        variants=tuple(Variant(key, key) for key in ("number", "truth", "zero", "lie", "text")),
        default="text",
        off="text",
    )
    expected = {"1": "number", "True": "truth", "0": "zero", "False": "lie", "'1'": "text"}[repr(actual)]
    assert compile_flag(asked, {}).evaluate({"x": actual}, NOW).value == expected


def test_a_path_and_its_beginning_are_two_attributes() -> None:
    both = Any((In(("a",), ("x",)), In(("a", "b"), ("y",))))
    assert holds(both, {"a": "x"})
    assert holds(both, {"a": {"b": "y"}})
    assert not holds(both, {"a": {"b": "x"}})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (All((US, PRO)), True),
        (All((US, Not(PRO))), False),
        (Any((Not(US), PRO)), True),
        (Any((Not(US), Not(PRO))), False),
        (Nothing((Not(US), Not(PRO))), True),
        (Nothing((Not(US), PRO)), False),
        (Not(Not(US)), True),
        (YES, True),
        (NO, False),
        (Nothing(()), True),
        (Not(All((US, Any((NO, Nothing((PRO,))))))), True),
    ],
)
def test_groups(condition: Condition, expected: bool) -> None:
    assert holds(condition, {"country": "US", "plan": "pro"}) is expected


@pytest.mark.parametrize(
    ("keys", "context", "expected"),
    [
        (("internal",), {"targetingKey": "u-42"}, True),
        (("internal",), {"targetingKey": "u-43"}, False),
        (("internal",), {"targetingKey": 7}, True),  # the number is the unit "7"
        (("internal",), {"targetingKey": True}, False),
        (("internal",), {"targetingKey": 1.0}, False),
        (("internal",), {"targetingKey": None}, False),
        (("internal",), {}, False),
        (("internal",), {"groups": ["sales", "internal"]}, True),
        (("internal",), {"groups": "internal"}, True),
        (("internal",), {"groups": ["sales"]}, False),
        (("internal",), {"groups": {"internal": True}}, False),
        (("empty", "internal"), {"targetingKey": "u-42"}, True),
        (("empty",), {"targetingKey": "u-42"}, False),
        (("unknown",), {"targetingKey": "u-42"}, False),
        (("unknown",), {"groups": ["unknown"]}, True),  # the caller's word needs no definition here
        (("all",), {}, True),
        (("empty", "all"), {}, True),
        ((), {"targetingKey": "u-42"}, False),
    ],
)
def test_segments(keys: tuple[str, ...], context: dict[str, object], expected: bool) -> None:
    assert holds(InSegment(keys), context) is expected
