"""Heartbeats: a job of somebody else's tells that it began, ended or failed; silence past the grace is a failure.

The standing of the check is stepped by what comes out of here; nothing is decided about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile

from .cron import Cron
from .kinds import HeartbeatCheck, Period, ReportedCheck

MAX_MISSED = 100  # runs told at once; whoever was away longer has seen enough


class Ping(StrEnum):
    START = "start"
    SUCCESS = "success"
    FAIL = "fail"


class Phase(StrEnum):
    WAITING = "waiting"  # nothing came yet, so nothing is due
    ON_TIME = "on_time"
    LATE = "late"  # due, and the grace still runs
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is kept of a heartbeat's pings."""

    ended_at: datetime | None = None  # the last success or failure
    started_at: datetime | None = None  # of the run that has not ended


@dataclass(frozen=True, slots=True)
class Beat:
    """What one ping came to."""

    pulse: Pulse
    ok: bool | None  # a result for the standing; None: a start says nothing yet
    run_seconds: float | None  # how long the run took, where its start was told


@dataclass(frozen=True, slots=True)
class Missed:
    """A failure that nobody told."""

    at: datetime  # when the grace ended
    reason: str


def pinged(pulse: Pulse, ping: Ping, *, at: datetime) -> Beat:
    """A ping older than the last end changes nothing: it came late."""
    if pulse.ended_at is not None and at < pulse.ended_at:
        return Beat(pulse, None, None)
    if ping is Ping.START:
        return Beat(replace(pulse, started_at=at), None, None)
    if pulse.started_at is not None and at < pulse.started_at:  # the end of the run before
        return Beat(replace(pulse, ended_at=at), ping is Ping.SUCCESS, None)
    run_seconds = (at - pulse.started_at).total_seconds() if pulse.started_at else None
    return Beat(Pulse(ended_at=at), ping is Ping.SUCCESS, run_seconds)


def due_at(check: HeartbeatCheck, pulse: Pulse) -> datetime | None:
    """When the next run should have ended; None before the first one has."""
    return None if pulse.ended_at is None else next(check.schedule.runs_after(pulse.ended_at), None)


def deadline(check: HeartbeatCheck, pulse: Pulse) -> datetime | None:
    """When silence becomes a failure: the grace after a run is due, or after it began."""
    grace = timedelta(seconds=check.grace_seconds)
    ends = [moment + grace for moment in (due_at(check, pulse), pulse.started_at) if moment is not None]
    return min(ends, default=None)


def phase(check: HeartbeatCheck, pulse: Pulse, *, at: datetime) -> Phase:
    ends_at, due = deadline(check, pulse), due_at(check, pulse)
    if ends_at is None:
        return Phase.WAITING
    if at >= ends_at:
        return Phase.OVERDUE
    return Phase.LATE if due is not None and at >= due else Phase.ON_TIME


def missed(check: HeartbeatCheck, pulse: Pulse, *, since: datetime, at: datetime) -> tuple[Missed, ...]:
    """The failures of silence in (since, at], the oldest first, at most MAX_MISSED: one for each run that did not come.

    Asked again with the last one's time as `since`, it tells only what is new.
    """
    grace = timedelta(seconds=check.grace_seconds)
    told: list[Missed] = []
    if pulse.started_at is not None and since < pulse.started_at + grace <= at:
        told.append(Missed(pulse.started_at + grace, f"started, and not finished within {check.grace_seconds:,} s"))
    if pulse.ended_at is not None:
        for due in _silent(check.schedule, grace, pulse.ended_at, since, at):
            told.append(Missed(due + grace, f"no ping for the run due {due:%Y-%m-%d %H:%M:%S} UTC"))
    return tuple(sorted(told, key=lambda each: each.at)[:MAX_MISSED])


def missed_reports(check: ReportedCheck, *, reported_at: datetime, since: datetime, at: datetime) -> tuple[Missed, ...]:
    """The same for a check that our own apps report: one for each report that did not come."""
    grace = timedelta(seconds=check.grace_seconds)
    due = _silent(Period(check.expected_every_seconds), grace, reported_at, since, at)
    reason = f"no report since {reported_at:%Y-%m-%d %H:%M:%S} UTC, expected every {check.expected_every_seconds:,} s"
    return tuple(Missed(moment + grace, reason) for moment in due)


def _silent(
    schedule: Period | Cron, grace: timedelta, ended_at: datetime, since: datetime, at: datetime
) -> Iterator[datetime]:
    """When runs were due whose grace ended in (since, at]."""
    runs = schedule.runs_after(ended_at, beyond=since - grace)
    return islice(takewhile(lambda due: due + grace <= at, runs), MAX_MISSED)
