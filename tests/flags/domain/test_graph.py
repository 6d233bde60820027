"""Circles and orders among names that wait for each other."""

import pytest

from apps.flags.domain.engine.graph import find_cycle, in_order, longest

DIAMOND = {"a": ["b", "c"], "b": ["d"], "c": ["d"]}


@pytest.mark.parametrize(
    ("edges", "start", "expected"),
    [
        ({}, "a", ()),
        ({"a": ["b"]}, "a", ()),
        (DIAMOND, "a", ()),  # met twice is no circle
        ({"a": ["a"]}, "a", ("a", "a")),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "a", ("a", "b", "c", "a")),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "a", ("b", "c", "b")),  # it only leads into one
        ({"a": ["x", "b"], "b": ["a"]}, "a", ("a", "b", "a")),
        ({"x": ["x"], "a": ["b"]}, "a", ()),  # somebody else's circle
    ],
)
def test_circles(edges: dict[str, list[str]], start: str, expected: tuple[str, ...]) -> None:
    assert find_cycle(edges, start) == expected


def test_each_comes_after_what_it_waits_for_and_once() -> None:
    assert in_order(DIAMOND, "a") == ("d", "b", "c", "a")
    assert in_order({}, "alone") == ("alone",)


def test_the_longest_row_counts_its_names() -> None:
    assert longest({}, "a") == 1
    assert longest({"a": ["b", "c"], "b": ["c"], "c": ["d"]}, "a") == 4


def test_a_row_of_thousands_needs_no_deep_stack() -> None:
    row = {f"n{n}": [f"n{n + 1}"] for n in range(20_000)}
    assert longest(row, "n0") == 20_001
    assert find_cycle(row, "n0") == ()
