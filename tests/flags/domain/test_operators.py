"""Each operator against tables from outside: semver.org, npm's ranges, RFCs on addresses, ISO 8601, RE2's syntax."""

from itertools import combinations
from typing import Any

import pytest

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import Fixed, InvalidDefinition
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.engine.parsing import parse_condition
from tests.flags.domain.build import NOW, flag, rule
from tests.flags.domain.interpreter import World

DAY = 86_400


def holds(op: str, value: object, actual: object, **policies: object) -> bool:
    """What the compiled rules, the explanation and the documentation's second reading agree on."""
    raw: dict[str, Any] = {"attr": ["x"], "op": op, "value": value, **policies}
    asked, context = flag(rule(Fixed("on"), parse_condition(raw))), {"x": actual}
    found = compile_flag(asked, {}).evaluate(context, NOW).value
    assert explain(asked, world((), ()), context, NOW).value is found
    assert World({}, {}, NOW, set()).holds(raw, context) is found
    return bool(found)


# semver.org, section 11, from the lowest to the highest.
PRECEDENCE = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
]


@pytest.mark.parametrize(("lower", "higher"), [*combinations(PRECEDENCE, 2)])
def test_versions_are_ordered_as_semver_org_orders_them(lower: str, higher: str) -> None:
    assert [holds(f"semver_{op}", higher, lower) for op in ("lt", "lte", "eq", "gte", "gt")] == [1, 1, 0, 0, 0]
    assert [holds(f"semver_{op}", lower, higher) for op in ("lt", "lte", "eq", "gte", "gt")] == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("value", "actual", "expected"),
    [
        ("1.0.0", "1.0.0+20130313144700", True),  # build metadata does not count: section 10
        ("1.0.0+a", "1.0.0+b", True),
        ("1.0.0", "1", True),
        ("1.2.0", "1.2", True),
        ("1.0.0", "v1.0.0", False),
        ("1.0.0", "01.0.0", False),
        ("1.0.0", "1.0.0.0", False),
        ("1.0.0", " 1.0.0", False),
        ("1.0.0-0", "1.0.0-00", False),
        ("1.0.0", "", False),
        ("1.0.0", 1, False),
        ("1.0.0", ["0.9.0", "1.0.0"], True),
        (
            "99999999999999999999999.999999999999999999.99999999999999999",
            "99999999999999999999999.999999999999999999.99999999999999999",
            True,
        ),
    ],
)
def test_what_is_one_version(value: str, actual: object, expected: bool) -> None:
    assert holds("semver_eq", value, actual) is expected


# docs.npmjs.com/cli/v6/using-npm/semver: "^1.2.3 := >=1.2.3 <2.0.0-0" and so on.
@pytest.mark.parametrize(
    ("op", "value", "within", "outside"),
    [
        ("semver_caret", "1.2.3", ["1.2.3", "1.9.9", "1.3.0-beta"], ["1.2.2", "1.2.3-beta", "2.0.0-0", "2.0.0"]),
        ("semver_caret", "0.2.3", ["0.2.3", "0.2.99"], ["0.2.2", "0.3.0-0", "0.3.0", "1.0.0"]),
        ("semver_caret", "0.0.3", ["0.0.3"], ["0.0.2", "0.0.4-0", "0.0.4"]),
        ("semver_caret", "1.2.3-beta.2", ["1.2.3-beta.4", "1.2.3"], ["1.2.3-beta.1", "2.0.0-0"]),
        ("semver_tilde", "1.2.3", ["1.2.3", "1.2.99"], ["1.2.2", "1.3.0-0", "1.3.0"]),
        ("semver_tilde", "0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0-0"]),
        ("semver_tilde", "1.2.3-beta.2", ["1.2.3-beta.4", "1.2.9"], ["1.2.3-beta.1", "1.3.0-0"]),
    ],
)
def test_ranges_are_npm_s(op: str, value: str, within: list[str], outside: list[str]) -> None:
    assert [one for one in [*within, *outside] if holds(op, value, one)] == within


@pytest.mark.parametrize(
    ("networks", "actual", "expected"),
    [
        (["10.0.0.0/8"], "10.255.255.255", True),  # RFC 1918 and 4632
        (["10.0.0.0/8"], "11.0.0.0", False),
        (["172.16.0.0/12"], "172.31.255.255", True),
        (["172.16.0.0/12"], "172.32.0.0", False),
        (["192.168.0.0/16", "198.51.100.0/24"], "198.51.100.7", True),
        (["0.0.0.0/0"], "203.0.113.1", True),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["192.0.2.1"], "192.0.2.1", True),
        (["2001:db8::/32"], "2001:DB8:0:0:8:800:200C:417A", True),  # RFC 4291, section 2.2
        (["2001:db8::/32"], "2001:db9::1", False),
        (["::1/128"], "0:0:0:0:0:0:0:1", True),
        (["fe80::/10"], "febf::1", True),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", True),  # RFC 4291, section 2.5.5.2
        (["10.0.0.0/8"], "::10.1.2.3", False),
        (["10.0.0.0/8"], "10.1.2.300", False),
        (["10.0.0.0/8"], "10.1.2", False),
        (["10.0.0.0/8"], "010.1.2.3", False),
        (["10.0.0.0/8"], 167_772_161, False),
        (["10.0.0.0/8"], ["192.0.2.1", "10.0.0.1"], True),
    ],
)
def test_addresses(networks: list[str], actual: object, expected: bool) -> None:
    assert holds("cidr", networks, actual) is expected


# 2026-01-05T09:00:00Z is 1,767,603,600 seconds since 1970.
@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("2026-01-05T08:59:59Z", True),
        ("2026-01-05T09:00:00Z", False),
        ("2026-01-05T08:59:59", True),  # UTC unless it says otherwise
        ("2026-01-05T09:59:59+01:00", True),
        ("2026-01-05T10:00:00+01:00", False),
        ("2026-01-05T03:59:59.999-05:00", True),
        ("2026-01-05", True),
        ("20260105T085959Z", True),
        ("2026-W02-1", True),  # the Monday of the second week
        ("2026-W02-2", False),
        (1_767_603_599, True),
        (1_767_603_600, False),
        (1_767_603_599_999, True),  # milliseconds
        (1_767_603_600_000, False),
        (99_999_999_999, False),  # seconds still, in the year 5138
        (-100_000_000_000, True),
        (0, True),
        ("2026-02-30", None),
        ("1767603599", None),
        ("tomorrow", None),
        (True, None),
        ({}, None),
    ],
)
def test_moments(actual: object, expected: bool | None) -> None:
    """None: it is no moment, so it is neither before nor after."""
    assert holds("before", "2026-01-05T09:00:00Z", actual) is (expected or False)
    if expected is None:
        assert not holds("after", "1970-01-01", actual)


@pytest.mark.parametrize(
    ("ago", "older", "newer"),
    [(7 * DAY + 1, True, False), (7 * DAY, True, False), (7 * DAY - 1, False, True), (-60, False, True)],
)
def test_ages(ago: int, older: bool, newer: bool) -> None:
    assert holds("older_than", 7 * DAY, NOW - ago) is older
    assert holds("newer_than", 7 * DAY, NOW - ago) is newer


@pytest.mark.parametrize(
    ("op", "value", "actual", "expected"),
    [
        ("starts_with", ["a", "b"], "bc", True),
        ("starts_with", ["a"], "ba", False),
        ("ends_with", ["@example.com"], "ann@example.com", True),
        ("ends_with", ["@example.com"], "ann@EXAMPLE.com", False),
        ("contains", ["x", "mid"], "amidst", True),
        ("contains", ["1"], 1, False),
        ("regex", "b+", "abbc", True),  # anywhere
        ("regex", "^b", "ab", False),
        ("regex", "b$", "ab", True),
        ("regex", "^(?i)AB$", "ab", True),
        ("regex", "^.$", "é", True),  # a character, not a byte
        ("regex", r"^\d+$", "\u0661", False),  # RE2's digits are ASCII
        ("regex", ".", "\ud800", False),
        ("regex", "1", 1, False),
        ("lt", 1, 0.5, True),
        ("lt", 1, 1, False),
        ("lte", 1, 1.0, True),
        ("gt", 1, 2**70, True),
        ("gt", 0, True, False),
        ("gte", 1, "1", False),
        ("gte", 1, float("nan"), False),
        ("between", [1, 2.5], 1, True),
        ("between", [1, 2.5], 2.5, True),
        ("between", [1, 2.5], 2.6, False),
        ("between", [0, 1], [5, 0.5], True),
        ("eq", "DE", "DE", True),
        ("eq", 1, 1.0, True),
        ("has_all", ["a", 1], [1, "b", "a"], True),
        ("has_all", ["a", 1], ["a", True], False),
        ("has_all", ["a"], "a", True),
        ("has_all", ["a"], [["a"]], False),
        ("has_all", ["a"], [], False),
        ("size", [1, 2], ["a", None], True),
        ("size", [0, 0], [], True),
        ("size", [1, 2], [], False),
        ("size", [1, 2], "ab", False),
    ],
)
def test_texts_numbers_and_arrays(op: str, value: object, actual: object, expected: bool) -> None:
    assert holds(op, value, actual) is expected


@pytest.mark.parametrize(
    ("op", "value", "actual"),
    [
        ("in", ["straße"], "STRASSE"),  # Unicode's full case folding
        ("starts_with", ["ab"], "ABC"),
        ("ends_with", ["BC"], "abc"),
        ("contains", ["É"], "né"),
        ("regex", "^b", "BA"),
        ("has_all", ["A", "b"], ["a", "B"]),
    ],
)
def test_case_is_ignored_where_it_is_asked_for(op: str, value: object, actual: object) -> None:
    assert not holds(op, value, actual)
    assert holds(op, value, actual, ignore_case=True)


@pytest.mark.parametrize(
    ("op", "value"),
    [
        ("in", ["a"]),
        ("starts_with", ["a"]),
        ("regex", "a"),
        ("gt", 1),
        ("between", [0, 1]),
        ("before", "2026-01-05"),
        ("older_than", 1),
        ("semver_gt", "1.0.0"),
        ("cidr", ["10.0.0.0/8"]),
        ("has_all", ["a"]),
        ("size", [0, 9]),
    ],
)
def test_a_missing_attribute_does_what_the_condition_says(op: str, value: object) -> None:
    assert not holds(op, value, None)
    assert holds(op, value, None, if_missing=True)
    assert not holds(op, value, {}, if_missing=True)  # something is there, though nothing to compare


@pytest.mark.parametrize("actual", ["", 0, False, [], {}, float("nan")])
def test_whatever_is_there_exists(actual: object) -> None:
    raw = {"attr": ["x"], "op": "exists"}
    asked = flag(rule(Fixed("on"), parse_condition(raw)))
    evaluate = compile_flag(asked, {}).evaluate
    assert evaluate({"x": actual}, NOW).value is True
    assert [evaluate(context, NOW).value for context in ({}, {"x": None})] == [False, False]


@pytest.mark.parametrize(
    ("op", "value", "path"),
    [
        ("exists", True, "when.value"),
        ("starts_with", "a", "when.value"),
        ("starts_with", [""], "when.value[0]"),
        ("contains", ["a", 1], "when.value[1]"),
        ("regex", "(", "when.value"),
        ("regex", r"(a)\1", "when.value"),  # RE2 has no back-references
        ("regex", "(?=a)", "when.value"),  # and looks nowhere
        ("regex", "a" * 501, "when.value"),
        ("lt", "1", "when.value"),
        ("gt", True, "when.value"),
        ("between", [1], "when.value"),
        ("between", [2, 1], "when.value"),
        ("between", [1, "2"], "when.value[1]"),
        ("size", [0.5, 1], "when.value"),
        ("size", [-1, 1], "when.value"),
        ("before", "soon", "when.value"),
        ("after", 1_767_603_600, "when.value"),
        ("older_than", 0, "when.value"),
        ("newer_than", "7 days", "when.value"),
        ("semver_eq", "1.2", "when.value"),
        ("semver_caret", "v1.2.3", "when.value"),
        ("cidr", ["10.1.0.0/8"], "when.value[0]"),
        ("cidr", ["10.0.0.0/33"], "when.value[0]"),
        ("has_all", [], "when.value"),
    ],
)
def test_what_cannot_be_compared_with_is_refused_at_its_place(op: str, value: object, path: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_condition({"attr": ["x"], "op": op, "value": value})
    assert refused.value.path == path


@pytest.mark.parametrize(("policy", "op"), [("ignore_case", "gt"), ("ignore_case", "cidr"), ("if_missing", "exists")])
def test_a_policy_that_means_nothing_is_refused(policy: str, op: str) -> None:
    operands: dict[str, dict[str, object]] = {"gt": {"value": 1}, "cidr": {"value": ["10.0.0.0/8"]}, "exists": {}}
    with pytest.raises(InvalidDefinition) as refused:
        parse_condition({"attr": ["x"], "op": op, policy: True, **operands[op]})
    assert refused.value.path == f"when.{policy}"
