"""Charts as plain markup: what is drawn where, and the sentence that says it."""

import re

from apps.core import svg


def rects(markup: str) -> list[tuple[str, float, float, float]]:
    """Colour, x, y and height of each part."""
    found = re.findall(r'<rect class="bar-(\w)" x="([\d.]+)" y="([\d.]+)" width="8" height="([\d.]+)"/>', markup)
    return [(colour, float(x), float(y), float(height)) for colour, x, y, height in found]


def test_parts_stand_on_one_another_and_the_tallest_column_fills_the_chart() -> None:
    markup = svg.stacked([[3, 1], [0, 2], [0, 0]], label="x", height=40)
    assert rects(markup) == [("a", 0, 10, 30), ("b", 0, 0, 10), ("b", 10, 20, 20)]


def test_a_fifth_part_starts_the_colours_again() -> None:
    assert [colour for colour, *_ in rects(svg.stacked([[1, 1, 1, 1, 1]], label="x"))] == list("abcda")


def test_an_empty_chart_is_no_error() -> None:
    assert rects(svg.stacked([], label="x")) == rects(svg.stacked([[], []], label="x")) == []
    assert "<polyline" in svg.spark([], label="x")


def test_a_sparkline_runs_from_edge_to_edge_with_its_peak_on_top() -> None:
    markup = svg.spark([0, 10, 5], label="x", width=100, height=22)
    assert 'points="0.0,21.0 50.0,1.0 100.0,11.0"' in markup


def test_labels_are_escaped() -> None:
    for markup in (svg.stacked([[1]], label='"<b>'), svg.spark([1], label='"<b>')):
        assert 'role="img" aria-label="&quot;&lt;b&gt;"' in markup
