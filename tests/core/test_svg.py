"""Charts as plain markup: what is drawn where, and the sentence that says it."""

import re
from datetime import UTC, datetime, timedelta

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


def test_a_trace_runs_against_its_bound_and_leaves_out_what_is_not_known() -> None:
    markup = svg.trace([0, None, 20], bound=10, label="x", width=100, height=22)
    assert 'points="0.0,21.0 100.0,1.0"' in markup
    assert '<path class="bound" d="M0 11.0H100"/>' in markup


def test_labels_are_escaped() -> None:
    for markup in (svg.stacked([[1]], label='"<b>'), svg.spark([1], label='"<b>')):
        assert 'role="img" aria-label="&quot;&lt;b&gt;"' in markup


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def lines(values: list[float], *, days: int = 0, bound: float | None = None) -> str:
    until = NOON + timedelta(days=days, hours=1)
    points = [(NOON, values[0]), (until, values[-1])] if values else []
    return svg.lines([points], since=NOON, until=until, label="x", words=str, bound=bound, marks=[NOON], height=104)


def test_a_line_runs_over_the_stretch_of_time_and_holds_its_bound() -> None:
    markup = lines([0, 5], bound=10)
    assert 'points="0,102.0 1000,52.0"' in markup
    assert '<path class="bound" d="M0 2.0H1000"/>' in markup
    assert '<path class="mark" d="M0 0V104"/>' in markup


def test_both_ends_of_both_axes_are_told() -> None:
    assert re.findall(r"<span class=.plot-(\w+).>([^<]*)</span>", lines([-2.0, 5.0])) == [
        ("high", "5.0"),
        ("low", "-2.0"),
        ("from", "12:00 UTC"),
        ("until", "13:00 UTC"),
    ]


def test_a_longer_stretch_tells_the_day_and_nothing_to_draw_has_no_height() -> None:
    markup = lines([], days=7)
    assert "01-05 12:00 UTC" in markup
    assert "01-12 13:00 UTC" in markup
    assert '<span class="plot-high"></span>' in markup
