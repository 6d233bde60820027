"""Heartbeats: when one is late, when silence fails, and how many runs were missed. Counted by hand."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.cron import Cron, parse_zone
from apps.monitoring.domain.checks.heartbeats import (
    MAX_MISSED,
    Beat,
    Missed,
    Phase,
    Ping,
    Pulse,
    deadline,
    due_at,
    missed,
    missed_reports,
    phase,
    pinged,
)
from apps.monitoring.domain.checks.kinds import HeartbeatCheck, Period, ReportedCheck

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOURLY = HeartbeatCheck(schedule=Period(3600), grace_seconds=300)
NIGHTLY = HeartbeatCheck(schedule=Cron("30 2 * * *", parse_zone("Europe/Berlin")), grace_seconds=600)


def after(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_start_success_and_fail() -> None:
    started = pinged(Pulse(), Ping.START, at=after(0))
    assert started == Beat(Pulse(started_at=after(0)), None, None)
    assert pinged(started.pulse, Ping.SUCCESS, at=after(2)) == Beat(Pulse(ended_at=after(2)), True, 120.0)
    assert pinged(started.pulse, Ping.FAIL, at=after(1)) == Beat(Pulse(ended_at=after(1)), False, 60.0)
    assert pinged(Pulse(), Ping.SUCCESS, at=after(0)) == Beat(Pulse(ended_at=after(0)), True, None)


def test_started_again_without_an_end_the_newer_run_counts() -> None:
    pulse = pinged(Pulse(after(0), after(1)), Ping.START, at=after(5)).pulse
    assert pinged(pulse, Ping.SUCCESS, at=after(6)) == Beat(Pulse(ended_at=after(6)), True, 60.0)


@pytest.mark.parametrize("ping", Ping)
def test_a_ping_that_comes_late_changes_nothing(ping: Ping) -> None:
    pulse = Pulse(ended_at=after(5))
    assert pinged(pulse, ping, at=after(4)) == Beat(pulse, None, None)


def test_a_run_may_begin_the_moment_another_ends() -> None:
    assert pinged(Pulse(ended_at=after(5)), Ping.START, at=after(5)).pulse == Pulse(after(5), after(5))


def test_the_end_of_a_run_before_the_one_that_began_does_not_end_it() -> None:
    beat = pinged(Pulse(after(0), after(5)), Ping.SUCCESS, at=after(4))
    assert beat == Beat(Pulse(after(4), after(5)), True, None)


@pytest.mark.parametrize(
    ("pulse", "minutes", "expected"),
    [
        (Pulse(), 10_000, Phase.WAITING),
        (Pulse(after(0)), 0, Phase.ON_TIME),
        (Pulse(after(0)), 59.99, Phase.ON_TIME),
        (Pulse(after(0)), 60, Phase.LATE),
        (Pulse(after(0)), 64.99, Phase.LATE),
        (Pulse(after(0)), 65, Phase.OVERDUE),
        (Pulse(started_at=after(0)), 4.99, Phase.ON_TIME),
        (Pulse(started_at=after(0)), 5, Phase.OVERDUE),
        (Pulse(after(0), after(10)), 14.99, Phase.ON_TIME),
        (Pulse(after(0), after(10)), 15, Phase.OVERDUE),
        (Pulse(after(0), after(62)), 64.99, Phase.LATE),
        (Pulse(after(0), after(62)), 65, Phase.OVERDUE),
    ],
)
def test_when_it_is_late(pulse: Pulse, minutes: float, expected: Phase) -> None:
    assert phase(HOURLY, pulse, at=after(minutes)) is expected


def test_a_nightly_job_across_the_hour_that_does_not_exist() -> None:
    # 2026-03-28 02:30 in Berlin is 01:30 UTC; on the 29th there is no 02:30, and 03:00 is 01:00 UTC.
    pulse = Pulse(ended_at=datetime(2026, 3, 28, 1, 35, tzinfo=UTC))
    assert due_at(NIGHTLY, pulse) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert deadline(NIGHTLY, pulse) == datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
    told = missed(
        NIGHTLY, pulse, since=datetime(2026, 3, 28, 1, 35, tzinfo=UTC), at=datetime(2026, 3, 30, 12, tzinfo=UTC)
    )
    assert told == (
        Missed(datetime(2026, 3, 29, 1, 10, tzinfo=UTC), "no ping for the run due 2026-03-29 01:00:00 UTC"),
        Missed(datetime(2026, 3, 30, 0, 40, tzinfo=UTC), "no ping for the run due 2026-03-30 00:30:00 UTC"),
    )


@pytest.mark.parametrize(
    ("pulse", "since", "at", "expected"),
    [
        (Pulse(), 0, 10_000, []),
        (Pulse(after(0)), 0, 64.99, []),
        (Pulse(after(0)), 0, 65, [65]),
        (Pulse(after(0)), 0, 200, [65, 125, 185]),
        (Pulse(after(0)), 65, 200, [125, 185]),
        (Pulse(after(0)), 62, 70, [65]),
        (Pulse(after(0)), 185, 200, []),
        (Pulse(after(0)), -500, 65, [65]),
        (Pulse(started_at=after(0)), 0, 200, [5]),
        (Pulse(started_at=after(0)), 5, 200, []),
        (Pulse(after(0), after(100)), 0, 130, [65, 105, 125]),
    ],
)
def test_which_runs_were_missed(pulse: Pulse, since: float, at: float, expected: list[float]) -> None:
    told = missed(HOURLY, pulse, since=after(since), at=after(at))
    assert [each.at for each in told] == [after(minutes) for minutes in expected]


def test_what_people_read() -> None:
    told = missed(HOURLY, Pulse(after(0), after(61)), since=after(0), at=after(70))
    assert [each.reason for each in told] == [
        "no ping for the run due 2026-03-01 13:00:00 UTC",
        "started, and not finished within 300 s",
    ]


def test_years_of_silence_are_told_in_parts_and_quickly() -> None:
    check = HeartbeatCheck(schedule=Period(10), grace_seconds=0)
    years = after(60 * 24 * 365 * 20)
    told = missed(check, Pulse(after(0)), since=after(0), at=years)
    assert [told[0].at, told[-1].at, len(told)] == [
        AT + timedelta(seconds=10),
        AT + timedelta(seconds=1000),
        MAX_MISSED,
    ]
    late = missed(check, Pulse(after(0)), since=years - timedelta(seconds=25), at=years)
    assert [years - each.at for each in late] == [timedelta(seconds=20), timedelta(seconds=10), timedelta(0)]


SCHEDULES = st.sampled_from([HOURLY, NIGHTLY, HeartbeatCheck(schedule=Period(7), grace_seconds=100)])
MINUTES = st.integers(0, 4_000)


@given(SCHEDULES, st.none() | MINUTES, st.none() | MINUTES, st.lists(MINUTES, min_size=2, max_size=5))
def test_asked_often_or_once_the_same_runs_are_told(
    check: HeartbeatCheck, ended: int | None, started: int | None, moments: list[int]
) -> None:
    pulse = Pulse(None if ended is None else after(ended), None if started is None else after(started))
    moments.sort()
    whole = missed(check, pulse, since=after(moments[0]), at=after(moments[-1]))
    parts = [
        each
        for since, at in itertools.pairwise(moments)
        for each in missed(check, pulse, since=after(since), at=after(at))
    ]
    assert tuple(parts)[:MAX_MISSED] == whole or len(whole) == MAX_MISSED
    ends_at = deadline(check, pulse)
    for at in map(after, moments):
        assert (phase(check, pulse, at=at) is Phase.OVERDUE) == (ends_at is not None and ends_at <= at)


def test_reports_that_did_not_come() -> None:
    check = ReportedCheck(expected_every_seconds=3600, grace_seconds=600)
    told = missed_reports(check, reported_at=after(0), since=after(0), at=after(190))
    assert [each.at for each in told] == [after(70), after(130), after(190)]
    assert told[0].reason == "no report since 2026-03-01 12:00:00 UTC, expected every 3,600 s"
    assert missed_reports(check, reported_at=after(0), since=after(130), at=after(189)) == ()
