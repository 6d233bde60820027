"""The part of JSONPath that is read: cases after RFC 9535, sections 2.3.1 to 2.3.3, and what is left out."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.jsonpath import InvalidPath, parse_path, same_json

NAMES = {"o": {"j j": {"k.k": 3}}, "'": {"@": 2}}  # RFC 9535, table 5
WILD = {"o": {"j": 1, "k": 2}, "a": [5, 3]}  # table 6
ITEMS = ["a", "b"]  # table 7


@pytest.mark.parametrize(
    ("document", "path", "expected"),
    [
        ({"k": "v"}, "$", [{"k": "v"}]),
        (NAMES, "$.o['j j']", [{"k.k": 3}]),
        (NAMES, "$.o['j j']['k.k']", [3]),
        (NAMES, '$.o["j j"]["k.k"]', [3]),
        (NAMES, '$["\'"]["@"]', [2]),
        (WILD, "$[*]", [{"j": 1, "k": 2}, [5, 3]]),
        (WILD, "$.o[*]", [1, 2]),
        (WILD, "$.o.*", [1, 2]),
        (WILD, "$.a[*]", [5, 3]),
        (ITEMS, "$[1]", ["b"]),
        (ITEMS, "$[-2]", ["a"]),
        (ITEMS, "$[2]", []),
        (ITEMS, "$[-3]", []),
        (ITEMS, "$.a", []),
        ({"0": 1}, "$[0]", []),
        ("text", "$[*]", []),
        ({"a": None}, "$.a", [None]),
        ({"a": [{"b": 1}, {"c": 2}, {"b": 3}]}, "$.a[*].b", [1, 3]),
        ({"ключ": {"_1": 7}}, "$.ключ._1", [7]),
        ({"☺": 1}, r'$["\u263A"]', [1]),
        ({"😀": 1}, r"$['\ud83d\uDE00']", [1]),
        ({'a"b': 1}, """$['a"b']""", [1]),
        ({'a"b': 1}, r'$["a\"b"]', [1]),
        ({"a'b": 1}, r"$['a\'b']", [1]),
        ({"\\'": 1}, r"$['\\\'']", [1]),
        ({'\\"': 1}, r"$['\\" + '"' + "']", [1]),
        ({"\t/": 1}, r"$['\t\/']", [1]),
        ({"": 1}, "$['']", [1]),
        ({"a": {"b": [1]}}, "$ .a\t[ 'b' ]\n[ 0 ]", [1]),
    ],
)
def test_where_a_path_leads(document: object, path: str, expected: list[object]) -> None:
    assert parse_path(path).find(document) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        " $",
        "$ ",
        "$.",
        "$. a",
        "$.1a",
        "$.a-b",
        "$a",
        "$[]",
        "$[01]",
        "$[-0]",
        "$[1.0]",
        "$[+1]",
        "$[9007199254740992]",
        "$[99999999999999999]",
        "$['a",
        "$['a\"]",
        r"$['\"']",
        r"""$["\'"]""",
        r"$['\x']",
        r"$['\u12']",
        r"$['\ud800']",
        "$['\t']",
        "$[a]",
        "$..a",
        "$[0:1]",
        "$[0,1]",
        "$[?@.a]",
        "$" + ".a" * 21,
        "$." + "a" * 499,
    ],
)
def test_what_is_not_read(path: str) -> None:
    with pytest.raises(InvalidPath):
        parse_path(path)


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(InvalidPath, match="from character 4"):
        parse_path("$.a..b")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.integers(0, 3), max_size=5))
def test_a_written_path_leads_to_what_it_names(steps: list[str | int]) -> None:
    document: object = "found"
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [*range(step), document]
    path = "$" + "".join(f"[{json.dumps(step)}]" for step in steps)
    assert parse_path(path.replace("\x7f", "\\u007f")).find(document) == ["found"]


@given(st.text("$.[]*'\"\\u0a1- \t:?", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidPath):
        parse_path(text).find({"a": [1, {"0": "a"}]})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        (None, False, False),
        (None, None, True),
        ("1", 1, False),
        ([1, [True]], [1.0, [True]], True),
        ([1], [True], False),
        ([1], [1, 1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_which_json_values_are_the_same(one: object, other: object, expected: bool) -> None:
    assert same_json(one, other) is expected
    assert same_json(other, one) is expected
