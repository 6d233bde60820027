"""Bars of uptime out of flips: days counted by hand, and nothing lost or counted twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.standing import Flip, State
from apps.monitoring.domain.checks.uptime import DAYS, Day, overall, uptime

AT = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
NEW, UP, DOWN, PAUSED = State.NEW, State.UP, State.DOWN, State.PAUSED
HOUR = 3600.0


def flip(before: State, after: State, moment: str) -> Flip:
    at = datetime.fromisoformat(moment)
    return Flip(before, after, at, at)


def test_three_days_counted_by_hand() -> None:
    flips = [
        flip(NEW, UP, "2026-03-01T06:00Z"),
        flip(UP, DOWN, "2026-03-01T23:00Z"),  # for three hours, over midnight
        flip(DOWN, UP, "2026-03-02T02:00Z"),
        flip(UP, PAUSED, "2026-03-02T12:00Z"),
        flip(PAUSED, NEW, "2026-03-02T13:00Z"),
        flip(NEW, UP, "2026-03-02T14:00Z"),
    ]
    days = uptime(flips, at=AT, days=3)
    assert days == (
        Day(date(2026, 3, 1), 17 * HOUR, 1 * HOUR, 6 * HOUR),
        Day(date(2026, 3, 2), 20 * HOUR, 2 * HOUR, 2 * HOUR),
        Day(date(2026, 3, 3), 6 * HOUR, 0, 0),
    )
    assert [day.share for day in days] == [17 / 18, 20 / 22, 1]
    assert overall(days) == 43 / 46
    assert uptime(reversed(flips), at=AT, days=3) == days


def test_nothing_is_known_of_a_check_without_flips() -> None:
    days = uptime([], at=AT)
    assert len(days) == DAYS
    assert days[0].day == date(2025, 12, 4)  # 89 days before: 3 of March, 28 of February, 31 of January, 27 of December
    assert {day.share for day in days} == {None}
    assert overall(days) is None


@pytest.mark.parametrize(("state", "share"), [(UP, 1.0), (DOWN, 0.0), (PAUSED, None)])
def test_what_it_was_before_the_bars_begin_goes_on(state: State, share: float | None) -> None:
    days = uptime([flip(NEW, state, "2024-01-01T00:00Z")], at=AT, days=2)
    assert [day.share for day in days] == [share, share]


def test_before_the_first_flip_it_was_what_that_flip_says() -> None:
    (yesterday, today) = uptime([flip(UP, DOWN, "2026-03-03T03:00Z")], at=AT, days=2)
    assert (yesterday.share, today.share) == (1.0, 0.5)


def test_what_is_still_to_come_does_not_count() -> None:
    assert uptime([flip(NEW, UP, "2026-03-03T07:00Z")], at=AT, days=1)[0].share is None


STATES = st.sampled_from([NEW, UP, DOWN, PAUSED])


@given(st.lists(st.tuples(st.integers(-100_000, 100_000), STATES, STATES), max_size=8))
def test_every_second_is_counted_once(changes: list[tuple[int, State, State]]) -> None:
    flips = [Flip(b, a, AT + timedelta(seconds=s), AT + timedelta(seconds=s)) for s, b, a in changes]
    *full, today = uptime(flips, at=AT, days=3)
    assert {day.up_seconds + day.down_seconds + day.unknown_seconds for day in full} == {24 * HOUR}
    assert today.up_seconds + today.down_seconds + today.unknown_seconds == 6 * HOUR
