"""The sparkline and the words of a chart. Expected values by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.domain.charts import Chart, Point

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def chart(*values: float | None, threshold: float = 5, hours: float = 1) -> Chart:
    step = timedelta(hours=hours) / (len(values) - 1)
    began = AT - timedelta(hours=hours)
    points = tuple(
        Point(began + step * n, value, value is not None and value > threshold) for n, value in enumerate(values)
    )
    return Chart(points=points, threshold=threshold, lowest="0 %", highest="7 %", limit="above 5 %")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7), "▁▂▃▄▅▆▇█"),
        ((7, None, 0), "█·▁"),
        ((3, 3, 3), "▅▅▅"),
        ((-1e308, 0, 1e308), "▁▅█"),
    ],
)
def test_a_block_stands_for_each_value(values: tuple[float | None, ...], drawn: str) -> None:
    assert chart(*values).sparkline == drawn


def test_whoever_sees_no_chart_reads_what_it_shows() -> None:
    seen = chart(0, None, 6, 7)
    assert seen.words == (
        "2026-01-05 08:00 to 09:00 UTC: lowest 0 %, highest 7 %, above 5 % in 2 of 3 values, no data for 1"
    )
    assert chart(0, 7, hours=10).span == "2026-01-04 23:00 to 09:00 on 2026-01-05 UTC"


def test_bars_begin_at_nothing_and_the_threshold_is_in_sight() -> None:
    assert chart(1, 2).scale == (0, 5)
    assert chart(-30, 2, threshold=-10).scale == (-30, 2)
    assert chart(0, 0, threshold=0).scale == (0, 1)
