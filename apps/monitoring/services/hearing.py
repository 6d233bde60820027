"""Checks that are heard of instead of asked: pings of heartbeats, reports of our own apps, and silence.

Exempt from the audit trail as results are; that one went down or came back is in it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from apps.core.database import DATABASE_AWAY, pipelined
from apps.core.models import Environment
from apps.monitoring.domain.checks.fields import InvalidCheck
from apps.monitoring.domain.checks.heartbeats import Missed, Ping, missed, missed_reports, pinged
from apps.monitoring.domain.checks.judging import Outcome, no_answer
from apps.monitoring.domain.checks.kinds import HeartbeatCheck, ReportedCheck
from apps.monitoring.domain.limits import LATE_DAYS
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import config_of, next_miss, pulse_of
from apps.monitoring.services.checks import create_check
from apps.monitoring.services.settling import ACTOR, HEARD, Result, save, settle

logger = logging.getLogger(__name__)
GRACE_SECONDS = 60  # of a report, unless told otherwise
AGAIN = timedelta(minutes=5)  # for a check that cannot be looked at


class OtherKind(ValueError):
    """The key belongs to a check that is not reported."""


class Heard(NamedTuple):
    """One ping."""

    digest: bytes  # of the token
    said: Ping
    at: datetime


class Hearing(Enum):
    """What became of a ping."""

    KEPT = "kept"
    UNKNOWN = "unknown"  # no heartbeat has this token
    BROKEN = "broken"  # its heartbeat cannot be read


def hear_pings(*, heard: Sequence[Heard]) -> list[Hearing]:
    """What became of each, in one transaction: the same few statements, however many pings there are.

    Those of one check count in the order given. Rows are locked in one order everywhere, so that two processes that
    hear of the same checks do not wait for each other in a circle.
    """
    with transaction.atomic():
        rows = HealthCheck.objects.kept().select_for_update().filter(ping_digest__in={one.digest for one in heard})
        by_digest = {bytes(row.ping_digest or b""): (row, _heartbeat(row)) for row in rows.order_by("pk")}
        results: list[Result] = []
        hearings: list[Hearing] = []
        for one in heard:
            row, config = by_digest.get(one.digest, (None, None))
            if row is None or config is None:
                hearings.append(Hearing.UNKNOWN if row is None else Hearing.BROKEN)
                continue
            results += _stepped(row, one)
            hearings.append(Hearing.KEPT)
        readable = [(row, config) for row, config in by_digest.values() if config is not None]
        for row, config in readable:
            row.due_at = next_miss(row, config)
        with pipelined():
            settle(results)
            save([row for row, _config in readable])
    return hearings


def _heartbeat(row: HealthCheck) -> HeartbeatCheck | None:
    try:
        config = config_of(row)
    except InvalidCheck as error:
        logger.error("the pings of health check %s do not count: its configuration cannot be read: %s", row.pk, error)
        return None
    assert isinstance(config, HeartbeatCheck)
    return config


def _stepped(row: HealthCheck, one: Heard) -> list[Result]:
    """The result that this ping is, if it is one."""
    beat = pinged(pulse_of(row), one.said, at=one.at)
    row.ended_at, row.started_at = beat.pulse.ended_at, beat.pulse.started_at
    if beat.ok is None:
        return []
    reason = "" if beat.ok else "the job says that it failed"
    return [Result(row, Outcome(beat.ok, reason, beat.run_seconds), one.at)]


def report_check(
    *,
    environment_id: int,
    key: str,
    ok: bool,
    reason: str,
    expected_every: int,
    at: datetime,
    name: str = "",
    grace_seconds: int = GRACE_SECONDS,
) -> HealthCheck:
    """What one of our own apps knows; silence for longer than `expected_every` and the grace is a failure.

    The first report makes the check. Raises OtherKind.
    """
    config = {"expected_every_seconds": expected_every, "grace_seconds": grace_seconds}
    with transaction.atomic():
        row = _reported(environment_id, key, name, config, at)
        row.ended_at = max(at, row.ended_at or at)
        settle([Result(row, Outcome(ok, "" if ok else reason, None), at)])
        row.due_at = next_miss(row, config_of(row))
        save([row])
    return row


def find_missed(*, at: datetime) -> int:
    """Every ping and report that did not come becomes a failure; returns how many did."""
    due = HealthCheck.objects.due(at).filter(kind__in=HEARD).order_by("due_at", "pk")
    return sum(_found_missed(pk, at) for pk in list(due.values_list("pk", flat=True)))


def _found_missed(check_id: int, at: datetime) -> int:
    """One that cannot be looked at must not stop the others; without a database nothing can go on."""
    try:
        with transaction.atomic():
            return _find_missed(check_id, at)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("the silence of health check %s cannot be judged", check_id)
        HealthCheck.objects.filter(pk=check_id).update(due_at=at + AGAIN)
        return 0


def _find_missed(check_id: int, at: datetime) -> int:
    waiting = HealthCheck.objects.select_for_update(of=("self",), skip_locked=True).select_related("environment")
    row = waiting.due(at).filter(pk=check_id).first()
    if row is None:
        return 0
    config = config_of(row)
    found = _missed(row, config, at)
    settle([Result(row, no_answer(one.reason), one.at) for one in found])
    row.missed_at = found[-1].at if found else at
    row.due_at = next_miss(row, config)
    save([row])
    return len(found)


def _missed(row: HealthCheck, config: object, at: datetime) -> tuple[Missed, ...]:
    since = max(row.missed_at or row.created_at, at - timedelta(days=LATE_DAYS))
    if isinstance(config, HeartbeatCheck):
        return missed(config, pulse_of(row), since=since, at=at)
    assert isinstance(config, ReportedCheck)
    assert row.ended_at is not None
    return missed_reports(config, reported_at=row.ended_at, since=since, at=at)


def _locked() -> QuerySet[HealthCheck]:
    return HealthCheck.objects.kept().select_for_update(of=("self",)).select_related("environment")


def _reported(environment_id: int, key: str, name: str, config: dict[str, int], at: datetime) -> HealthCheck:
    known = _locked().filter(environment=environment_id, key=key)
    row = known.first()
    if row is None:
        Environment.objects.select_for_update(no_key=True).get(pk=environment_id)  # two first reports come one by one
        row = known.all().first()
    if row is None:
        made = create_check(
            environment_id=environment_id,
            key=key,
            name=name or key,
            kind=HealthCheck.Kind.REPORTED,
            config=config,
            actor=ACTOR,
            reason="first report",
            at=at,
        )
        return made.check
    if row.kind != HealthCheck.Kind.REPORTED:
        raise OtherKind(f"{key} is a check of kind {row.kind}")
    if row.config != config:
        row.config = config
        row.save(update_fields=["config"])
    return row
