"""Rules from JSON and back, and where a refusal points."""

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flags.domain.engine import limits
from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Fixed,
    In,
    InSegment,
    InvalidDefinition,
    Not,
    Nothing,
    Rule,
    Split,
)
from apps.flags.domain.engine.parsing import (
    dump_rules,
    parse_condition,
    parse_overrides,
    parse_prerequisites,
    parse_rules,
)

NAME = {"attr": ["name"]}
US = {"attr": ["country"], "op": "in", "value": ["US"]}
ON = {"variant": "on"}
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
values = texts | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.fixed_dictionaries(
    {"attr": st.lists(texts, min_size=1, max_size=3), "op": st.just("in"), "value": st.lists(values, min_size=1)}
) | st.fixed_dictionaries({"segment": st.lists(texts, min_size=1, max_size=3)})
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"none": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=3,
)
serves = st.fixed_dictionaries({"variant": texts}) | st.fixed_dictionaries(
    {"split": st.lists(st.tuples(texts, st.integers(0, 100_000)).map(list), min_size=1, max_size=3)}
)
rules = st.lists(st.fixed_dictionaries({"id": texts, "when": st.none() | conditions, "serve": serves}), max_size=3)


def one_rule(when: object = None, serve: object = ON, **fields: object) -> list[dict[str, object]]:
    return [{"id": "r", "when": when, "serve": serve, **fields}]


def nested(depth: int, group: str = "not") -> dict[str, object]:
    when: dict[str, object] = dict(US)
    for _ in range(depth - 1):
        when = {group: when if group == "not" else [when]}
    return when


@settings(deadline=None)
@given(rules)
def test_dump_gives_back_what_was_parsed(raw: list[dict[str, object]]) -> None:
    before = json.dumps(raw, sort_keys=True)  # tells 1 from 1.0 and from true
    written = dump_rules(parse_rules(raw))
    assert json.dumps(written, sort_keys=True) == before
    assert json.dumps(raw, sort_keys=True) == before


def test_every_form() -> None:
    when = {"all": [US, {"any": [{"segment": ["beta"]}]}, {"none": [US]}, {"not": US}]}
    raw = one_rule(when, {"split": [["on", 25_000], ["off", 75_000]]})
    us = In(("country",), ("US",))
    tree = All((us, Any((InSegment(("beta",)),)), Nothing((us,)), Not(us)))
    expected = Rule("r", tree, Split((("on", 25_000), ("off", 75_000))))
    assert parse_rules(raw) == (expected,)
    assert parse_rules(one_rule()) == (Rule("r", None, Fixed("on")),)
    assert parse_rules([]) == ()


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, "rules"),
        ({}, "rules"),
        ("on", "rules"),
        ([None], "rules[0]"),
        ([*one_rule(), []], "rules[1]"),
        ([{"when": None, "serve": ON}], "rules[0].id"),
        ([{"id": "r", "serve": ON}], "rules[0].when"),
        ([{"id": "r", "when": None}], "rules[0].serve"),
        (one_rule(note="x"), "rules[0].note"),
        (one_rule(id=1), "rules[0].id"),
        (one_rule(id=""), "rules[0].id"),
        (one_rule(id="\ud800"), "rules[0].id"),
        (one_rule(id="\0"), "rules[0].id"),
        (one_rule("US"), "rules[0].when"),
        (one_rule({}), "rules[0].when"),
        (one_rule({"every": []}), "rules[0].when"),
        (one_rule({"all": []}), "rules[0].when.all"),
        (one_rule({"all": US}), "rules[0].when.all"),
        (one_rule({"all": [US], "any": [US]}), "rules[0].when.any"),
        (one_rule({"any": [US, {"none": [US, 7]}]}), "rules[0].when.any[1].none[1]"),
        (one_rule({"not": [US]}), "rules[0].when.not"),
        (one_rule({"not": None}), "rules[0].when.not"),
        (one_rule({"segment": "beta"}), "rules[0].when.segment"),
        (one_rule({"segment": []}), "rules[0].when.segment"),
        (one_rule({"segment": ["a", 1]}), "rules[0].when.segment[1]"),
        (one_rule(US | {"attr": "country"}), "rules[0].when.attr"),
        (one_rule(US | {"attr": []}), "rules[0].when.attr"),
        (one_rule(US | {"attr": ["a", ""]}), "rules[0].when.attr[1]"),
        (one_rule(US | {"op": "matches"}), "rules[0].when.op"),
        (one_rule(US | {"op": []}), "rules[0].when.op"),
        (one_rule(US | {"value": "US"}), "rules[0].when.value"),
        (one_rule(US | {"value": []}), "rules[0].when.value"),
        (one_rule(US | {"value": ["a", None]}), "rules[0].when.value[1]"),
        (one_rule(US | {"value": [["US"]]}), "rules[0].when.value[0]"),
        (one_rule(US | {"value": [float("nan")]}), "rules[0].when.value[0]"),
        (one_rule(US | {"value": ["\ud800"]}), "rules[0].when.value[0]"),
        (one_rule({"attr": ["country"], "value": ["US"]}), "rules[0].when.op"),
        (one_rule(serve="on"), "rules[0].serve"),
        (one_rule(serve={}), "rules[0].serve.variant"),
        (one_rule(serve={"variant": 1}), "rules[0].serve.variant"),
        (one_rule(serve={"variant": "on", "split": []}), "rules[0].serve.variant"),
        (one_rule(serve={"split": {}}), "rules[0].serve.split"),
        (one_rule(serve={"split": []}), "rules[0].serve.split"),
        (one_rule(serve={"split": [["on"]]}), "rules[0].serve.split[0]"),
        (one_rule(serve={"split": ["on"]}), "rules[0].serve.split[0]"),
        (one_rule(serve={"split": [["on", 1], [2, 3]]}), "rules[0].serve.split[1].variant"),
        (one_rule(serve={"split": [["on", 1], ["off", "3"]]}), "rules[0].serve.split[1].weight"),
        (one_rule(serve={"split": [["on", True]]}), "rules[0].serve.split[0].weight"),
        (one_rule(serve={"split": [["on", 1.0]]}), "rules[0].serve.split[0].weight"),
        (one_rule(serve={"split": [["on", -1]]}), "rules[0].serve.split[0].weight"),
        (one_rule(serve={"split": [["on", 100_001]]}), "rules[0].serve.split[0].weight"),
    ],
)
def test_a_refusal_names_the_place(raw: object, path: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_rules(raw)
    assert refused.value.path == path
    assert str(refused.value) == f"{path}: {refused.value.message}"


@pytest.mark.parametrize(
    ("fits", "exceeds", "path"),
    [
        (one_rule() * limits.MAX_RULES, one_rule() * (limits.MAX_RULES + 1), "rules"),
        (
            one_rule(nested(limits.MAX_DEPTH, "any")),
            one_rule(nested(limits.MAX_DEPTH + 1, "any")),
            "rules[0].when" + ".any[0]" * 8,
        ),
        (one_rule(nested(limits.MAX_DEPTH)), one_rule(nested(limits.MAX_DEPTH + 1)), "rules[0].when" + ".not" * 8),
        (
            one_rule({"all": [US] * limits.MAX_ITEMS}),
            one_rule({"all": [US] * (limits.MAX_ITEMS + 1)}),
            "rules[0].when.all",
        ),
        (
            one_rule(US | {"value": ["x"] * limits.MAX_VALUES}),
            one_rule(US | {"value": ["x"] * (limits.MAX_VALUES + 1)}),
            "rules[0].when.value",
        ),
        (
            one_rule(US | {"value": ["x" * limits.MAX_TEXT_LENGTH]}),
            one_rule(US | {"value": ["x" * (limits.MAX_TEXT_LENGTH + 1)]}),
            "rules[0].when.value[0]",
        ),
        (
            one_rule(US | {"attr": ["x"] * limits.MAX_PATH}),
            one_rule(US | {"attr": ["x"] * (limits.MAX_PATH + 1)}),
            "rules[0].when.attr",
        ),
        (
            one_rule(id="x" * limits.MAX_KEY_LENGTH),
            one_rule(id="x" * (limits.MAX_KEY_LENGTH + 1)),
            "rules[0].id",
        ),
        (
            one_rule(serve={"split": [["x", 0]] * limits.MAX_VARIANTS}),
            one_rule(serve={"split": [["x", 0]] * (limits.MAX_VARIANTS + 1)}),
            "rules[0].serve.split",
        ),
        (
            one_rule(NAME | {"op": "contains", "value": ["x"] * limits.MAX_TRIED}),
            one_rule(NAME | {"op": "contains", "value": ["x"] * (limits.MAX_TRIED + 1)}),
            "rules[0].when.value",
        ),
        (
            one_rule(NAME | {"op": "has_all", "value": ["x"] * limits.MAX_TRIED}),
            one_rule(NAME | {"op": "has_all", "value": ["x"] * (limits.MAX_TRIED + 1)}),
            "rules[0].when.value",
        ),
        (
            one_rule(NAME | {"op": "cidr", "value": ["10.0.0.0/8"] * limits.MAX_TRIED}),
            one_rule(NAME | {"op": "cidr", "value": ["10.0.0.0/8"] * (limits.MAX_TRIED + 1)}),
            "rules[0].when.value",
        ),
        (
            one_rule(NAME | {"op": "regex", "value": "x" * limits.MAX_PATTERN_LENGTH}),
            one_rule(NAME | {"op": "regex", "value": "x" * (limits.MAX_PATTERN_LENGTH + 1)}),
            "rules[0].when.value",
        ),
        (
            one_rule(serve={"split": [["x", 100_000]], "by": ["x"] * limits.MAX_PATH}),
            one_rule(serve={"split": [["x", 100_000]], "by": ["x"] * (limits.MAX_PATH + 1)}),
            "rules[0].serve.by",
        ),
    ],
)
def test_limits(fits: object, exceeds: object, path: str) -> None:
    parse_rules(fits)
    with pytest.raises(InvalidDefinition) as refused:
        parse_rules(exceeds)
    assert refused.value.path == path


def test_limits_of_overrides_and_prerequisites() -> None:
    def override(number: int) -> dict[str, object]:
        return {"variant": "on", "targeting_keys": [f"u-{number}"]}

    def need(number: int) -> dict[str, object]:
        return {"flag": f"f-{number}", "variants": ["on"]}

    parse_overrides([override(n) for n in range(limits.MAX_OVERRIDES)])
    parse_overrides([{"variant": "on", "targeting_keys": ["u"] * limits.MAX_OVERRIDDEN}])
    parse_prerequisites([need(n) for n in range(limits.MAX_PREREQUISITES)])
    for parse, raw, path in (
        (parse_overrides, [override(n) for n in range(limits.MAX_OVERRIDES + 1)], "overrides"),
        (parse_overrides, [override(0) | {"targeting_keys": []}], "overrides[0].targeting_keys"),
        (parse_overrides, [override(0) | {"targeting_keys": ["u" * 201]}], "overrides[0].targeting_keys[0]"),
        (parse_overrides, [override(0) | {"expires_at": "soon"}], "overrides[0].expires_at"),
        (parse_prerequisites, [need(n) for n in range(limits.MAX_PREREQUISITES + 1)], "prerequisites"),
        (parse_prerequisites, [need(0) | {"variants": []}], "prerequisites[0].variants"),
    ):
        with pytest.raises(InvalidDefinition) as refused:
            parse(raw)
        assert refused.value.path == path


@pytest.mark.parametrize(
    ("condition", "path", "said"),
    [
        (NAME | {"op": "almost", "value": 1}, "op", "must be one of eq, in, exists"),
        (NAME | {"op": "exists", "value": 1}, "value", "compares with nothing"),
        (NAME | {"op": "exists", "if_missing": True}, "if_missing", "negate it with not"),
        (NAME | {"op": "gt", "value": 1, "ignore_case": True}, "ignore_case", "gt compares no texts"),
        (NAME | {"op": "gt", "value": 1, "ignore_case": "yes"}, "ignore_case", "must be true or false"),
        (NAME | {"op": "gt"}, "value", "must be a finite number"),
        (NAME | {"op": "gt", "value": True}, "value", "must be a finite number"),
        (NAME | {"op": "gt", "value": 10**400}, "value", "must be a finite number"),
        (NAME | {"op": "between", "value": [2, 1]}, "value", "must not be larger than the second"),
        (NAME | {"op": "between", "value": [1]}, "value", "2 to 2 are allowed"),
        (NAME | {"op": "size", "value": [0.5, 1]}, "value", "two whole numbers"),
        (NAME | {"op": "regex", "value": "(a"}, "value", "missing )"),
        (NAME | {"op": "regex", "value": r"(a)\1"}, "value", "invalid escape sequence"),
        (NAME | {"op": "regex", "value": "((a{100}){100}){100}"}, "value", "is not a regular expression"),
        (NAME | {"op": "before", "value": "yesterday"}, "value", "2026-03-01T09:00:00Z"),
        (NAME | {"op": "before", "value": 5}, "value", "must be a date and time"),
        (NAME | {"op": "newer_than", "value": 0}, "value", "above 0"),
        (NAME | {"op": "semver_gt", "value": "1.2"}, "value", "semver.org"),
        (NAME | {"op": "cidr", "value": ["10.0.0.1/8"]}, "value[0]", "has host bits set"),
    ],
)
def test_operands_are_refused_with_a_reason(condition: dict[str, object], path: str, said: str) -> None:
    with pytest.raises(InvalidDefinition, match=re.escape(said)) as refused:
        parse_condition(condition)
    assert refused.value.path == f"when.{path}"


@given(st.recursive(st.none() | values, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_any_other_json_is_refused_and_nothing_else_is_raised(raw: object) -> None:
    with suppress(InvalidDefinition):
        assert dump_rules(parse_rules(raw)) == []
