"""What results do to health checks: rows, days, metrics and, where one goes down or comes back, the audit trail.

Whoever settles holds the checks' locks. Results themselves are exempt from the audit trail.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from apps.core import audit
from apps.core.database import array
from apps.monitoring.domain.checks.judging import Outcome
from apps.monitoring.domain.checks.standing import Flip, Standing, State, step
from apps.monitoring.domain.samples import MetricKind, Sample
from apps.monitoring.domain.series import Series, read_series
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import standing_of, thresholds_of
from apps.monitoring.services.samples import record

logger = logging.getLogger(__name__)
ACTOR = audit.system("checks")
FAILURES, UP, DURATION = "health_check_failures_total", "health_check_up", "health_check_duration_seconds"
DATABASE_UP = "database_up"
KINDS = {FAILURES: MetricKind.COUNTER, UP: MetricKind.GAUGE, DATABASE_UP: MetricKind.GAUGE}
HEARD = (HealthCheck.Kind.HEARTBEAT, HealthCheck.Kind.REPORTED)
SILENT_PERIODS = 3  # without a result for longer than that, nobody looked, and the time counts as unknown
MAX_TEXT = 500  # characters of a reason and a detail

# Every column that a result may change, with its type.
COLUMNS = {
    "settled": "varchar",
    "streak": "int",
    "streak_at": "timestamptz",
    "checked_at": "timestamptz",
    "failures_total": "bigint",
    "last_ok": "boolean",
    "last_reason": "varchar",
    "last_latency_seconds": "float8",
    "last_at": "timestamptz",
    "due_at": "timestamptz",
    "leased_until": "timestamptz",
    "ended_at": "timestamptz",
    "started_at": "timestamptz",
    "missed_at": "timestamptz",
}
SAVE = """
    UPDATE monitoring_healthcheck AS kept SET {sets}
    FROM unnest(%(id)s::bigint[], {arrays}) AS given(id, {names}) WHERE kept.id = given.id
""".format(  # noqa: S608 - names of columns, no values
    sets=", ".join(f"{name} = given.{name}" for name in COLUMNS),
    arrays=", ".join(f"%({name})s::{kind}[]" for name, kind in COLUMNS.items()),
    names=", ".join(COLUMNS),
)
ADD_RESULTS = """
    INSERT INTO monitoring_healthresult (of_id, at, ok, reason, detail, latency_seconds)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::boolean[], %s::varchar[], %s::varchar[], %s::float8[])
    ON CONFLICT (of_id, at) DO NOTHING
"""
ADD_DAYS = """
    INSERT INTO monitoring_healthday AS kept (of_id, day, ok, failed, up_seconds, down_seconds)
    SELECT * FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::int[], %s::float8[], %s::float8[])
    ON CONFLICT (of_id, day) DO UPDATE SET
        ok = kept.ok + EXCLUDED.ok,
        failed = kept.failed + EXCLUDED.failed,
        up_seconds = kept.up_seconds + EXCLUDED.up_seconds,
        down_seconds = kept.down_seconds + EXCLUDED.down_seconds
"""


@dataclass(frozen=True, slots=True)
class Result:
    row: HealthCheck  # locked, with its environment
    outcome: Outcome
    at: datetime


@dataclass(slots=True)
class Tally:
    ok: int = 0
    failed: int = 0
    up_seconds: float = 0.0
    down_seconds: float = 0.0


Days = Mapping[tuple[int, date], Tally]


def settle(results: Sequence[Result]) -> None:
    """In the order given. Rows are changed here and saved by `save`; a result no newer than the last leaves no
    trace."""
    days: defaultdict[tuple[int, date], Tally] = defaultdict(Tally)
    counted: list[Result] = []
    samples: defaultdict[int, list[Sample]] = defaultdict(list)
    for result in results:
        row = result.row
        before = standing_of(row)
        after, flip = step(before, thresholds_of(row), ok=result.outcome.ok, at=result.at)
        if after is before:
            continue
        _count_time(days, row, before, until=result.at)
        _count(row, after, result, days)
        counted.append(result)
        samples[row.environment_id] += _samples(result)
        if flip is not None:
            _tell(row, flip, result.outcome.reason)
    _add_results(counted)
    _add_days(days)
    for environment_id, of_environment in sorted(samples.items()):  # so that two do not wait for each other
        write_samples(environment_id, of_environment, at=results[-1].at)


def save(rows: Collection[HealthCheck]) -> None:
    """What results may change, of many checks in one statement."""
    if rows:
        given = {name: array(getattr(row, name) for row in rows) for name in ("id", *COLUMNS)}
        with connection.cursor() as cursor:
            cursor.execute(SAVE, given)


def stand(row: HealthCheck, standing: Standing) -> None:
    row.settled, row.streak = standing.settled, standing.streak
    row.streak_at, row.checked_at = standing.streak_at, standing.checked_at


def close_time(row: HealthCheck, before: Standing, *, until: datetime) -> None:
    """Count what is open since the last result: the check is about to be paused."""
    days: defaultdict[tuple[int, date], Tally] = defaultdict(Tally)
    _count_time(days, row, before, until=until)
    _add_days(days)


def _count_time(
    days: defaultdict[tuple[int, date], Tally], row: HealthCheck, before: Standing, *, until: datetime
) -> None:
    """The time since the last result was what the check was then. A check that fails, but is not down, was up."""
    since = before.checked_at
    if since is None or before.settled not in (State.UP, State.DOWN):
        return
    if row.kind not in HEARD:
        until = min(until, since + timedelta(seconds=SILENT_PERIODS * row.period_seconds))
    while since < until:
        day = since.astimezone(UTC).date()
        end = min(until, datetime.combine(day + timedelta(days=1), time(), UTC))
        seconds, tally = (end - since).total_seconds(), days[row.pk, day]
        if before.settled is State.UP:
            tally.up_seconds += seconds
        else:
            tally.down_seconds += seconds
        since = end


def _add_days(days: Days) -> None:
    if days:
        ordered = sorted(days.items())
        tallies = [tally for _key, tally in ordered]
        columns: list[list[Any]] = [[pk for (pk, _day), _tally in ordered], [day for (_pk, day), _tally in ordered]]
        counts = [[getattr(tally, name) for tally in tallies] for name in Tally.__slots__]
        with connection.cursor() as cursor:
            cursor.execute(ADD_DAYS, [array(column) for column in (*columns, *counts)])


def write_samples(environment_id: int, samples: Sequence[Sample], *, at: datetime) -> None:
    refused = record(environment_id=environment_id, samples=samples, at=at, kinds=KINDS)
    if refused:
        logger.warning("%d samples of health checks are lost: %s", len(refused), refused[0].reason)


def failures_so_far(row: HealthCheck, at: datetime) -> Sample:
    """Written when a check begins as well, so that its first failure is an increase."""
    return Sample(_series_of(FAILURES, "check", row.key), float(row.failures_total), at)


def _count(row: HealthCheck, after: Standing, result: Result, days: defaultdict[tuple[int, date], Tally]) -> None:
    outcome, tally = result.outcome, days[row.pk, result.at.astimezone(UTC).date()]
    if outcome.ok:
        tally.ok += 1
    else:
        tally.failed += 1
        row.failures_total += 1
    stand(row, after)
    row.last_ok, row.last_reason, row.last_at = outcome.ok, outcome.reason[:MAX_TEXT], result.at
    row.last_latency_seconds = outcome.latency_seconds


def _samples(result: Result) -> list[Sample]:
    row, outcome, at = result.row, result.outcome, result.at
    samples = [
        failures_so_far(row, at),
        Sample(_series_of(UP, "check", row.key), float(row.settled != State.DOWN), at),
    ]
    if outcome.latency_seconds is not None:
        samples.append(Sample(_series_of(DURATION, "check", row.key), outcome.latency_seconds, at))
    if row.kind == HealthCheck.Kind.POSTGRES:
        samples.append(Sample(_series_of(DATABASE_UP, "database", row.key), float(outcome.ok), at))
        samples += [
            Sample(_series_of(name, "database", row.key), value, at) for name, value in outcome.measures.items()
        ]
    return samples


@lru_cache(maxsize=50_000)
def _series_of(name: str, label: str, key: str) -> Series:
    return read_series(name, {label: key})


def _tell(row: HealthCheck, flip: Flip, reason: str) -> None:
    if flip.after is State.DOWN:
        kind, words = "monitoring.check_down", reason
    elif flip.before is State.DOWN and flip.after is State.UP:
        kind, words = "monitoring.check_recovered", "answers again"
    else:
        return  # the first good result of a new check
    audit.record(
        kind=kind,
        subject=row,
        project_id=row.environment.project_id,
        environment_id=row.environment_id,
        actor=ACTOR,
        reason=words,
        at=flip.at,
        changes={"state": [flip.before, flip.after]},
    )


def _add_results(results: Sequence[Result]) -> None:
    if results:
        columns: list[list[object]] = [
            [one.row.pk for one in results],
            [one.at for one in results],
            [one.outcome.ok for one in results],
            [one.outcome.reason[:MAX_TEXT] for one in results],
            [one.outcome.detail[:MAX_TEXT] for one in results],
            [one.outcome.latency_seconds for one in results],
        ]
        with connection.cursor() as cursor:
            cursor.execute(ADD_RESULTS, [array(column) for column in columns])
