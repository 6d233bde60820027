"""What changed between two mappings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain.diff import changes

MAPPINGS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3) | st.none(), max_size=4)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": [1, 2]}),
        ({"a": 1}, {}, {"a": [1, None]}),
        ({}, {"a": 1}, {"a": [None, 1]}),
        ({"a": [1, 2]}, {"a": [2, 1]}, {"a": [[1, 2], [2, 1]]}),
        ({"a": None}, {}, {}),  # a missing side reads as None
    ],
)
def test_changed_fields(before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any]) -> None:
    assert changes(before, after) == expected


def test_fields_keep_their_order() -> None:
    assert list(changes({"b": 1, "a": 1}, {"c": 1, "a": 2, "b": 2})) == ["b", "a", "c"]


@given(MAPPINGS)
def test_nothing_changed_is_empty(same: dict[str, Any]) -> None:
    assert changes(same, dict(same)) == {}


@given(MAPPINGS, MAPPINGS)
def test_applying_the_changes_leads_to_the_second(before: dict[str, Any], after: dict[str, Any]) -> None:
    led = before | {name: new for name, (_, new) in changes(before, after).items()}
    assert {name: value for name, value in led.items() if value is not None} == {
        name: value for name, value in after.items() if value is not None
    }


@given(MAPPINGS, MAPPINGS)
def test_the_way_back_is_the_mirror(before: dict[str, Any], after: dict[str, Any]) -> None:
    forth, back = changes(before, after), changes(after, before)
    assert {name: pair[::-1] for name, pair in forth.items()} == back
