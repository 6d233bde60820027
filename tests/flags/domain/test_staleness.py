"""When a flag looks ready to go, and in which words. Every date is counted by hand from the first of March."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.staleness import Activity, Life, Purpose, staleness

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAYS = 14


def ago(days: float) -> datetime:
    return AT - timedelta(days=days)


def served(*, last: float, since: float, variant: str = "on") -> Activity:
    return Activity(ago(last), variant, ago(since))


YOUNG = Life(
    purpose=Purpose.RELEASE,
    status=FlagStatus.ON,
    expected_end=None,
    is_archived=False,
    is_rolling_out=False,
    known_since=ago(3),
    changed_at=ago(3),
    activity=served(last=0, since=3),
)
OLD = replace(YOUNG, known_since=ago(60), changed_at=ago(60))


def words(life: Life, days: int = DAYS) -> list[str]:
    return [one.words for one in staleness(life, at=AT, days=days)]


def test_a_young_flag_that_is_asked_for_is_not_stale() -> None:
    assert words(YOUNG) == []


@pytest.mark.parametrize(
    ("age", "expected"), [(13.99, []), (14, ["never evaluated in 14 days"]), (32.5, ["never evaluated in 32 days"])]
)
def test_nobody_ever_asked_for_it(age: float, expected: list[str]) -> None:
    assert words(replace(YOUNG, known_since=ago(age), activity=None)) == expected


@pytest.mark.parametrize(
    ("last", "expected"), [(13.99, []), (14, ["not evaluated for 14 days"]), (400, ["not evaluated for 400 days"])]
)
def test_nobody_asks_any_more(last: float, expected: list[str]) -> None:
    assert words(replace(OLD, status=FlagStatus.OFF, activity=served(last=last, since=last))) == expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [(13.99, []), (14, ["on, but served only on for 14 days"]), (40, ["on, but served only on for 40 days"])],
)
def test_everyone_gets_the_same(since: float, expected: list[str]) -> None:
    assert words(replace(OLD, activity=served(last=0, since=since))) == expected


def test_a_change_of_the_state_starts_the_count_of_days_anew() -> None:
    one_sided = replace(OLD, activity=served(last=0, since=40, variant="blue"))
    assert words(replace(one_sided, changed_at=ago(5))) == []
    assert words(replace(one_sided, changed_at=ago(20))) == ["on, but served only blue for 20 days"]


@pytest.mark.parametrize("purpose", [Purpose.OPERATIONAL, Purpose.PERMISSION])
def test_what_is_meant_to_stay_may_serve_everyone_the_same(purpose: Purpose) -> None:
    one_sided = replace(OLD, activity=served(last=0, since=40))
    assert words(replace(one_sided, purpose=Purpose.EXPERIMENT)) != []
    assert words(replace(one_sided, purpose=purpose)) == []
    assert words(replace(one_sided, purpose=purpose, activity=None)) == ["never evaluated in 60 days"]


def test_a_flag_that_is_off_is_not_one_sided() -> None:
    assert words(replace(OLD, status=FlagStatus.OFF, activity=served(last=0, since=40, variant="off"))) == []


def test_a_flag_that_nobody_asks_for_is_not_one_sided_as_well() -> None:
    assert words(replace(OLD, activity=served(last=20, since=50))) == ["not evaluated for 20 days"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [(date(2026, 3, 1), []), (date(2026, 2, 28), ["past its expected end, 2026-02-28"]), (date(2026, 3, 2), [])],
)
def test_the_day_of_the_expected_end_still_counts(end: date, expected: list[str]) -> None:
    for purpose in Purpose:
        assert words(replace(YOUNG, purpose=purpose, expected_end=end)) == expected


def test_every_reason_is_given() -> None:
    life = replace(OLD, activity=None, expected_end=date(2026, 1, 1))
    assert words(life) == ["never evaluated in 60 days", "past its expected end, 2026-01-01"]


def test_what_is_killed_archived_or_rolling_out_is_in_hand_already() -> None:
    life = replace(OLD, activity=None, expected_end=date(2026, 1, 1))
    assert words(replace(life, status=FlagStatus.KILLED)) == []
    assert words(replace(life, is_archived=True)) == []
    assert words(replace(life, is_rolling_out=True)) == []


def test_the_number_of_days_is_the_installations() -> None:
    life = replace(OLD, activity=served(last=1.5, since=9))
    assert words(life, days=10) == []
    assert words(life, days=9) == ["on, but served only on for 9 days"]
    assert words(life, days=1) == ["not evaluated for 1 day"]
