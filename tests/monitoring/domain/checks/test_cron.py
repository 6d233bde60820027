"""When a cron expression is due: counted by hand, across leap days and the hours that clocks skip and repeat."""

import contextlib
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.cron import Cron, InvalidCron, parse_cron, parse_zone


def due(expression: str, zone: str, after: str, many: int = 3) -> list[str]:
    cron = Cron(parse_cron(expression), parse_zone(zone))
    runs = cron.runs_after(datetime.fromisoformat(after))
    return [run.isoformat(timespec="minutes").removesuffix("+00:00") for run in islice(runs, many)]


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # 2026-03-01 is a Sunday.
        ("*/15 * * * *", "UTC", "2026-03-01T12:00:00Z", ["2026-03-01T12:15", "2026-03-01T12:30", "2026-03-01T12:45"]),
        (
            "0 9 * * MON-FRI",
            "UTC",
            "2026-03-06T09:00:00Z",
            ["2026-03-09T09:00", "2026-03-10T09:00", "2026-03-11T09:00"],
        ),
        (
            "0 9 * * MON-FRI",
            "UTC",
            "2026-03-06T08:59:59Z",
            ["2026-03-06T09:00", "2026-03-09T09:00", "2026-03-10T09:00"],
        ),
        # Leap days; 2100 is none.
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", ["2104-02-29T00:00", "2108-02-29T00:00", "2112-02-29T00:00"]),
        ("30 4 L * *", "UTC", "2028-01-31T05:00:00Z", ["2028-02-29T04:30", "2028-03-31T04:30", "2028-04-30T04:30"]),
        ("0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", ["2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00"]),
        # Both days given: either is enough. 2026-03-13 is a Friday, the 15th a Sunday.
        ("0 0 15 * FRI", "UTC", "2026-03-07T00:00:00Z", ["2026-03-13T00:00", "2026-03-15T00:00", "2026-03-20T00:00"]),
        # Berlin goes from +1 to +2 at 2026-03-29 02:00: half past two does not exist, and is due at three.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00Z",
            ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
        ),
        (
            "0 9 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00Z",
            ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"],
        ),
        # And back at 2026-10-25 03:00: half past two comes twice, and is due at the first, 00:30 UTC.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00Z",
            ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"],
        ),
        # Asked in the repeated hour, at the second ten past two: today's run is over.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-25T01:10Z",
            ["2026-10-26T01:30", "2026-10-27T01:30", "2026-10-28T01:30"],
        ),
        # Every hour is every hour, however they are called.
        (
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00Z",
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
        ),
        (
            "30 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:00Z",
            ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"],
        ),
        # New York goes back at 2026-11-01 02:00, from -4 to -5.
        (
            "15 1 * * *",
            "America/New_York",
            "2026-10-31T12:00Z",
            ["2026-11-01T05:15", "2026-11-02T06:15", "2026-11-03T06:15"],
        ),
        # Kathmandu is 5:45 ahead.
        (
            "0 0 * * *",
            "Asia/Kathmandu",
            "2026-03-01T00:00Z",
            ["2026-03-01T18:15", "2026-03-02T18:15", "2026-03-03T18:15"],
        ),
    ],
)
def test_when_it_is_due(expression: str, zone: str, after: str, expected: list[str]) -> None:
    assert due(expression, zone, after) == expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("0 * * * * *", "6 fields"),
        ("@daily", "1 fields"),
        ("60 * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("*/0 * * * *", "bad minute"),
        ("5-1 * * * *", "bad minute"),
        ("x * * * *", "bad minute"),
        ("\u0661 * * * *", "bad minute"),
        ("* * * * \u00b2L", "bad day-of-week"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("0 0 31 4,6,9,11 *", "bad day-of-month"),
        ("* " * 101, "202 characters"),
    ],
)
def test_an_expression_that_is_refused(expression: str, words: str) -> None:
    with pytest.raises(InvalidCron, match=words):
        parse_cron(expression)


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 65, "a\0", "\ud800"]
)
def test_a_time_zone_that_is_refused(name: str) -> None:
    with pytest.raises(InvalidCron, match="Europe/Berlin"):
        parse_zone(name)


def test_blanks_between_fields_do_not_matter() -> None:
    assert parse_cron("  0\t9 * *   1 ") == "0 9 * * 1"


@given(
    st.sampled_from(["*/7 * * * *", "30 2 * * *", "15,45 1-3 * * *", "0 */5 * * *", "5 0 L * *", "0 2 * * 7#2"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_runs_come_in_order_and_after_the_moment(expression: str, zone: str, at: datetime) -> None:
    cron = Cron(parse_cron(expression), parse_zone(zone))
    runs = list(islice(cron.runs_after(at), 4))
    assert [at, *runs] == sorted({at, *runs})
    assert list(islice(cron.runs_after(at, beyond=runs[1]), 2)) == runs[2:]
    assert next(cron.runs_after(runs[0])) == runs[1]


@given(st.text("0123456789*/,-#LW MONFEB", max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidCron):
        parse_cron(text)
