"""Checks that are heard of instead of asked: pings of heartbeats, reports of our own apps, and silence.

Exempt from the audit trail as results are; that one went down or came back is in it.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from apps.core.database import DATABASE_AWAY
from apps.core.domain.keys import digest
from apps.core.models import Environment
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


def ping(*, token: str, said: Ping, at: datetime) -> bool:
    """What a job tells of itself. False when no heartbeat has this token."""
    with transaction.atomic():
        row = _locked().filter(ping_digest=digest(token)).first()
        if row is None:
            return False
        config = config_of(row)
        assert isinstance(config, HeartbeatCheck)
        beat = pinged(pulse_of(row), said, at=at)
        row.ended_at, row.started_at = beat.pulse.ended_at, beat.pulse.started_at
        if beat.ok is not None:
            reason = "" if beat.ok else "the job says that it failed"
            settle([Result(row, Outcome(beat.ok, reason, beat.run_seconds), at)])
        row.due_at = next_miss(row, config)
        save([row])
    return True


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
