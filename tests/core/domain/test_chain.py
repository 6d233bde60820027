"""The hash chain over the audit trail."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain.chain import GENESIS, link

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ENTRIES = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def chained(entries: list[dict[str, Any]]) -> bytes:
    head = GENESIS
    for entry in entries:
        head = link(head, entry)
    return head


def test_a_link_is_sha_256_over_the_one_before_and_canonical_json() -> None:
    expected = hashlib.sha256(bytes(32) + b'{"a":"\\u00e9","b":[1,null]}').digest()
    assert link(GENESIS, {"b": [1, None], "a": "é"}) == expected


def test_the_order_of_fields_does_not_matter() -> None:
    assert link(GENESIS, {"a": 1, "b": 2}) == link(GENESIS, {"b": 2, "a": 1})


@given(st.lists(ENTRIES, min_size=1, max_size=5), st.data())
def test_any_changed_entry_changes_the_head(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries[:place], {**entries[place], "": "changed"}, *entries[place + 1 :]]
    assert (chained(entries) == chained(changed)) == (entries == changed)


@given(ENTRIES, ENTRIES)
def test_the_order_of_entries_matters(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = link(GENESIS, one) == link(GENESIS, other)
    assert (chained([one, other]) == chained([other, one])) == same


@given(st.lists(ENTRIES, min_size=1, max_size=5))
def test_a_cut_trail_has_another_head(entries: list[dict[str, Any]]) -> None:
    assert chained(entries) != chained(entries[:-1])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_carry_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        link(GENESIS, {"a": value})
