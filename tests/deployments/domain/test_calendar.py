"""When a deployment may start, by hand and by the wall clock; calendars as JSON."""

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.calendar import (
    DEFAULT_CALENDAR,
    Calendar,
    Freeze,
    Verdict,
    Weekly,
    days,
    judged,
)
from apps.deployments.domain.calendar_parsing import dump_calendar, parse_calendar
from apps.flags.domain.engine.definitions import InvalidDefinition

BERLIN, NEW_YORK, ZULU = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
MONDAY, TUESDAY, THURSDAY, FRIDAY, SUNDAY = 0, 1, 3, 4, 6
EVERY_DAY = frozenset(range(7))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(
    weekdays: set[int] | frozenset[int], start: str, end: str, zone: ZoneInfo = ZULU, reason: str = ""
) -> Weekly:
    return Weekly(frozenset(weekdays), time.fromisoformat(start), time.fromisoformat(end), zone, reason)


@pytest.mark.parametrize(
    ("at", "verdict", "opens_at"),
    [  # 2026-11-23 is a Monday
        ("2026-11-23T09:00", Verdict.CLOSED, "2026-11-24T10:00"),  # Monday morning
        ("2026-11-24T09:59:59", Verdict.CLOSED, "2026-11-24T10:00"),
        ("2026-11-24T10:00", Verdict.OPEN, "2026-11-24T10:00"),
        ("2026-11-24T13:59:59", Verdict.OPEN, "2026-11-24T13:59:59"),
        ("2026-11-24T14:00", Verdict.CLOSED, "2026-11-25T10:00"),
        ("2026-11-26T13:00", Verdict.OPEN, "2026-11-26T13:00"),
        ("2026-11-26T14:00", Verdict.CLOSED, "2026-12-01T10:00"),  # Thursday's end: next is Tuesday
        ("2026-11-27T12:00", Verdict.CLOSED, "2026-12-01T10:00"),  # Friday noon
        ("2026-11-29T12:00", Verdict.CLOSED, "2026-12-01T10:00"),  # Sunday
    ],
)
def test_the_customers_week(at: str, verdict: Verdict, opens_at: str) -> None:
    answer = judged(DEFAULT_CALENDAR, utc(at))
    assert (answer.verdict, answer.opens_at) == (verdict, utc(opens_at))


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2026-11-24T10:00", "Open until Tuesday 2026-11-24 14:00 UTC."),
        (
            "2026-11-29T12:00",
            "Closed until Tuesday 2026-12-01 10:00 UTC: deployments start Tuesday to Thursday 10:00 to 14:00 UTC.",
        ),
        (
            "2026-11-27T15:00",
            "Closed until Tuesday 2026-12-01 10:00 UTC: "
            "Friday afternoon, a fault would have to be mended at the weekend.",
        ),
        (
            "2026-11-30T08:00",
            "Closed until Tuesday 2026-12-01 10:00 UTC: Monday morning, the weekend's faults are still being found.",
        ),
    ],
)
def test_it_says_why_in_a_sentence(at: str, reason: str) -> None:
    assert judged(DEFAULT_CALENDAR, utc(at)).reason == reason


def test_without_windows_it_is_always_open() -> None:
    answer = judged(Calendar(()), utc("2026-11-29T03:00"))
    assert (answer.verdict, answer.opens_at, answer.closes_at) == (Verdict.OPEN, utc("2026-11-29T03:00"), None)
    assert answer.reason == "Open: nothing in sight closes it."


def test_what_is_to_be_avoided_is_said_and_blocks_nothing() -> None:
    calendar = Calendar((), avoid=DEFAULT_CALENDAR.avoid)
    answer = judged(calendar, utc("2026-11-27T12:00"))
    assert (answer.verdict, answer.opens_at) == (Verdict.AVOID, utc("2026-11-27T12:00"))
    assert answer.reason.startswith("Allowed, but better not now: Friday afternoon")
    assert judged(calendar, utc("2026-11-27T11:59:59")).verdict is Verdict.OPEN
    assert judged(calendar, utc("2026-11-28T00:00")).verdict is Verdict.OPEN


YEAR_END = Freeze(utc("2026-12-21T00:00"), utc("2027-01-04T00:00"), "the shop's busiest weeks")


@pytest.mark.parametrize(
    ("at", "verdict", "opens_at"),
    [
        ("2026-12-20T23:59:59", Verdict.CLOSED, "2027-01-05T10:00"),  # the next windows are frozen: Tuesday after it
        ("2026-12-22T11:00", Verdict.FROZEN, "2027-01-05T10:00"),
        ("2027-01-03T23:59:59", Verdict.FROZEN, "2027-01-05T10:00"),
        ("2027-01-04T00:00", Verdict.CLOSED, "2027-01-05T10:00"),
    ],
)
def test_a_freeze_holds_back_even_inside_a_window(at: str, verdict: Verdict, opens_at: str) -> None:
    answer = judged(Calendar(DEFAULT_CALENDAR.windows, (YEAR_END,)), utc(at))
    assert (answer.verdict, answer.opens_at) == (verdict, utc(opens_at))


def test_a_freeze_tells_its_end_and_its_reason() -> None:
    calendar = Calendar((), (YEAR_END,))
    answer = judged(calendar, utc("2026-12-24T18:00"))
    assert answer.reason == "Frozen until Monday 2027-01-04 00:00 UTC: the shop's busiest weeks."
    assert answer.opens_at == utc("2027-01-04T00:00")
    assert judged(calendar, utc("2026-11-25T00:00")).closes_at == utc("2026-12-21T00:00")


def test_a_freeze_that_nobody_has_lifted_has_no_end() -> None:
    stopped = Freeze(utc("2026-11-24T11:00"), None, "stop the line.")
    answer = judged(Calendar(DEFAULT_CALENDAR.windows, (YEAR_END, stopped)), utc("2026-12-24T11:00"))
    assert (answer.verdict, answer.opens_at) == (Verdict.FROZEN, None)
    assert answer.reason == "Frozen until further notice: stop the line."


def test_a_freeze_of_every_week_takes_its_part_of_a_window() -> None:
    noon = weekly({TUESDAY}, "12:00", "13:00", reason="the reports are made")
    calendar = Calendar(DEFAULT_CALENDAR.windows, (noon,))
    assert judged(calendar, utc("2026-11-24T11:00")).closes_at == utc("2026-11-24T12:00")
    answer = judged(calendar, utc("2026-11-24T12:00"))
    assert (answer.verdict, answer.opens_at) == (Verdict.FROZEN, utc("2026-11-24T13:00"))
    assert judged(calendar, utc("2026-11-25T12:00")).verdict is Verdict.OPEN


def test_windows_that_are_always_frozen_never_open() -> None:
    calendar = Calendar(DEFAULT_CALENDAR.windows, (weekly(EVERY_DAY, "09:00", "15:00", reason="no"),))
    assert judged(calendar, utc("2026-11-24T11:00")).opens_at is None


def test_zones_that_change_clocks_apart_may_open_only_then() -> None:
    """15:00 in Berlin is 09:00 in New York, but 10:00 from 2027-03-14, when New York changes, to 2027-03-28."""
    window = weekly(EVERY_DAY, "15:00", "15:30", BERLIN)
    calendar = Calendar((window,), (weekly(EVERY_DAY, "09:00", "09:45", NEW_YORK, "the exchange opens"),))
    assert judged(calendar, utc("2026-11-24T00:00")).opens_at == utc("2027-03-14T14:00")


@pytest.mark.parametrize(
    ("at", "opens_at"),
    [  # 10:00 in Berlin is 09:00 UTC in winter and 08:00 UTC in summer; clocks change on 2026-03-29 and 2026-10-25
        ("2026-03-28T13:00", "2026-03-29T08:00"),
        ("2026-03-27T13:00", "2026-03-28T09:00"),
        ("2026-10-24T12:00", "2026-10-25T09:00"),
        ("2026-10-23T12:00", "2026-10-24T08:00"),
    ],
)
def test_a_window_keeps_its_clock_time_when_clocks_change(at: str, opens_at: str) -> None:
    calendar = Calendar((weekly(EVERY_DAY, "10:00", "14:00", BERLIN),))
    answer = judged(calendar, utc(at))
    assert (answer.verdict, answer.opens_at) == (Verdict.CLOSED, utc(opens_at))
    assert judged(calendar, utc(opens_at)).closes_at == utc(opens_at) + 4 * HOUR


def test_clock_times_that_are_skipped_or_come_twice_are_read_as_icalendar_does() -> None:
    """The two examples of RFC 5545, 3.3.5: 02:30 on 2007-03-11 and 01:30 on 2007-11-04 in New York."""
    calendar = Calendar((weekly({SUNDAY}, "02:30", "04:00", NEW_YORK),))
    assert judged(calendar, utc("2007-03-11T00:00")).opens_at == utc("2007-03-11T07:30")  # 03:30 EDT
    calendar = Calendar((weekly({SUNDAY}, "01:30", "04:00", NEW_YORK),))
    assert judged(calendar, utc("2007-11-04T00:00")).opens_at == utc("2007-11-04T05:30")  # 01:30 EDT


def test_a_window_that_is_skipped_with_its_hour_waits_a_week() -> None:
    calendar = Calendar((weekly({SUNDAY}, "02:00", "03:00", BERLIN),))
    assert judged(calendar, utc("2026-03-29T00:00")).opens_at == utc("2026-04-05T00:00")


def test_a_window_may_pass_midnight() -> None:
    calendar = Calendar((weekly({THURSDAY}, "22:00", "02:00"),))
    assert judged(calendar, utc("2026-11-27T01:59:59")).verdict is Verdict.OPEN  # a Friday
    assert judged(calendar, utc("2026-11-27T02:00")).verdict is Verdict.CLOSED
    assert judged(calendar, utc("2026-11-26T01:00")).verdict is Verdict.CLOSED


def test_days_are_drawn_as_stretches() -> None:
    drawn = days(DEFAULT_CALENDAR, utc("2026-11-23T15:00"), 14)
    assert [one.day for one in drawn] == [date(2026, 11, 23) + timedelta(n) for n in range(14)]
    tuesday, friday = drawn[1].stretches, drawn[4].stretches
    assert [(f"{one.start_at:%H:%M}", one.verdict) for one in tuesday] == [
        ("00:00", Verdict.CLOSED),
        ("10:00", Verdict.OPEN),
        ("14:00", Verdict.CLOSED),
    ]
    assert [(f"{one.start_at:%H:%M}", one.why[:15]) for one in friday] == [
        ("00:00", "deployments sta"),
        ("12:00", "Friday afternoo"),
    ]


@pytest.mark.parametrize(
    ("since", "hours"), [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25), ("2026-06-01T12:00", 24)]
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(since: str, hours: int) -> None:
    (day,) = days(Calendar((weekly(EVERY_DAY, "10:00", "14:00", BERLIN),)), utc(since), 1)
    assert day.stretches[-1].end_at - day.stretches[0].start_at == hours * HOUR


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
zones = st.sampled_from([ZULU, BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def weeklies(draw: st.DrawFn, reason: str = "") -> Weekly:
    start, end = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return Weekly(draw(st.frozensets(st.integers(0, 6), min_size=1)), start, end, draw(zones), reason)


@st.composite
def freezes(draw: st.DrawFn) -> Freeze:
    start_at = draw(moments)
    length = draw(st.none() | st.timedeltas(MINUTE, timedelta(60)))
    return Freeze(start_at, None if length is None else start_at + length, "why")


calendars = st.builds(
    Calendar,
    st.lists(weeklies(), max_size=3).map(tuple),
    st.lists(freezes() | weeklies("why"), max_size=3).map(tuple),
    st.lists(weeklies("why"), max_size=2).map(tuple),
)


@given(calendars, moments, st.floats(0, 1, exclude_max=True))
def test_it_opens_when_it_says_and_not_before(calendar: Calendar, at: datetime, share: float) -> None:
    opens_at = judged(calendar, at).opens_at
    between = at + ((opens_at or at + timedelta(400)) - at) * share
    if opens_at is not None:
        assert opens_at >= at
        assert judged(calendar, opens_at).verdict.may_start
    if opens_at not in (at, between):
        assert not judged(calendar, between).verdict.may_start


@given(calendars, moments, st.floats(0, 1, exclude_max=True))
def test_it_closes_when_it_says_and_not_before(calendar: Calendar, at: datetime, share: float) -> None:
    closes_at = judged(calendar, at).closes_at
    if closes_at is not None:
        assert not judged(calendar, closes_at).verdict.may_start
        between = at + (closes_at - at) * share
        assert between == closes_at or judged(calendar, between).verdict.may_start


def by_wall_clock(one: Weekly, at: datetime) -> bool:
    local = at.astimezone(one.zone)
    clock, today, yesterday = local.time(), local.weekday(), (local.weekday() - 1) % 7
    if one.from_time < one.to_time:
        return today in one.weekdays and one.from_time <= clock < one.to_time
    return (today in one.weekdays and clock >= one.from_time) or (yesterday in one.weekdays and clock < one.to_time)


def clocks_change_near(zone: ZoneInfo, at: datetime) -> bool:
    offsets = {(at + timedelta(hours=n)).astimezone(zone).utcoffset() for n in (-3, 0, 3)}
    return len(offsets) > 1


@given(weeklies(), moments)
def test_a_window_is_open_while_the_clock_on_the_wall_says_so(window: Weekly, at: datetime) -> None:
    if not clocks_change_near(window.zone, at):
        assert judged(Calendar((window,)), at).verdict.may_start is by_wall_clock(window, at)


@given(calendars, moments, st.integers(1, 5))
def test_the_stretches_of_days_leave_nothing_out_and_agree(calendar: Calendar, since: datetime, count: int) -> None:
    stretches = [stretch for day in days(calendar, since, count) for stretch in day.stretches]
    assert stretches[0].start_at <= since < stretches[-1].end_at
    assert all(one.end_at == after.start_at for one, after in pairwise(stretches))
    for one in stretches:
        middle = one.start_at + (one.end_at - one.start_at) / 2
        assert judged(calendar, middle).verdict is one.verdict


@given(calendars)
def test_a_written_calendar_is_read_back_as_it_was(calendar: Calendar) -> None:
    assert parse_calendar(json.loads(json.dumps(dump_calendar(calendar)))) == calendar


def test_the_customers_calendar_in_json() -> None:
    written = dump_calendar(DEFAULT_CALENDAR)
    assert written["windows"] == [
        {"weekdays": ["tuesday", "wednesday", "thursday"], "from": "10:00", "to": "14:00", "zone": "UTC"}
    ]
    assert parse_calendar(written) == DEFAULT_CALENDAR


WINDOW: dict[str, Any] = {"weekdays": ["tuesday"], "from": "10:00", "to": "14:00"}
ONCE: dict[str, Any] = {"from": "2026-12-21T00:00:00Z", "until": "2027-01-04T00:00:00Z", "reason": "x"}


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ([], "calendar", "must be an object"),
        ({}, "calendar.windows", "is missing"),
        ({"windows": [], "window": []}, "calendar.window", "is not known here"),
        ({"windows": {}}, "windows", "must be a list"),
        ({"windows": [WINDOW] * 31}, "windows", "has 31 entries"),
        ({"windows": [WINDOW | {"weekdays": []}]}, "windows[0].weekdays", "has 0 entries"),
        (
            {"windows": [WINDOW, WINDOW | {"weekdays": ["monday", "tue"]}]},
            "windows[1].weekdays[1]",
            "must be one of mon",
        ),
        ({"windows": [WINDOW | {"weekdays": [1]}]}, "windows[0].weekdays[0]", "must be one of monday"),
        ({"windows": [WINDOW | {"from": "24:00"}]}, "windows[0].from", "must be a clock time such as 09:30"),
        ({"windows": [WINDOW | {"to": "2 pm"}]}, "windows[0].to", "must be a clock time"),
        ({"windows": [WINDOW | {"to": 14}]}, "windows[0].to", "must be a clock time"),
        ({"windows": [WINDOW | {"to": "10:00"}]}, "windows[0].to", "a whole day is 00:00 to 24:00"),
        ({"windows": [WINDOW | {"zone": "Berlin"}]}, "windows[0].zone", "must be a time zone such as UTC"),
        ({"windows": [WINDOW | {"reason": "x"}]}, "windows[0].reason", "is not known here"),
        ({"windows": [], "avoid": [WINDOW]}, "avoid[0].reason", "is missing"),
        ({"windows": [], "freezes": [WINDOW | {"reason": " "}]}, "freezes[0].reason", "is empty"),
        ({"windows": [], "freezes": [ONCE | {"reason": "..."}]}, "freezes[0].reason", "is empty"),
        ({"windows": [], "freezes": [ONCE | {"until": ONCE["from"]}]}, "freezes[0].until", "must be after the start"),
        ({"windows": [], "freezes": [ONCE | {"until": "soon"}]}, "freezes[0].until", "must be a date and time"),
        ({"windows": [], "freezes": [ONCE | {"until": "9999-12-31"}]}, "freezes[0].until", "must be from 2000 to 2099"),
        ({"windows": [], "freezes": [ONCE | {"reason": "x" * 201}]}, "freezes[0].reason", "has 201 characters"),
    ],
)
def test_a_refusal_names_the_place(raw: object, path: str, message: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_calendar(raw)
    assert refused.value.path == path
    assert message in refused.value.message


def test_a_whole_day_and_a_freeze_without_an_end_are_read() -> None:
    read = parse_calendar(
        {
            "windows": [{"weekdays": ["monday"], "from": "00:00", "to": "24:00", "zone": "Europe/Berlin"}],
            "freezes": [{"from": "2026-12-21", "reason": "x"}],
        }
    )
    assert read.windows == (weekly({MONDAY}, "00:00", "00:00", BERLIN),)
    assert read.freezes == (Freeze(utc("2026-12-21T00:00"), None, "x"),)
