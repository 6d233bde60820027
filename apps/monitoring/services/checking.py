"""Running the health checks that are due: claimed under a lease, probed outside any transaction, then settled.

A lease's number is a fencing token: what a check is asked to do meanwhile, by whomever, makes late answers void.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from apps.core import secrets
from apps.core.database import DATABASE_AWAY
from apps.core.egress import Egress, checks, runner
from apps.monitoring.domain.checks.fields import InvalidCheck
from apps.monitoring.domain.checks.judging import Outcome, no_answer
from apps.monitoring.domain.checks.kinds import CheckConfig
from apps.monitoring.gateways import probe
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import config_of
from apps.monitoring.services.settling import HEARD, Result, save, settle

logger = logging.getLogger(__name__)
AT_ONCE = 200  # probes under way
LEASE = timedelta(seconds=120)  # the longest timeout is 60 s
WAVE_SECONDS = 1.0  # quick answers do not wait for slow ones; a probe that takes longer stands still while we settle
CLAIMING_SECONDS = 30.0  # then a sweep ends as soon as nothing is under way


@dataclass(frozen=True, slots=True)
class Job:
    """One check in hand."""

    check_id: int
    lease: int
    at: datetime
    config: CheckConfig | str  # or why it cannot be read
    secret: str


@dataclass(frozen=True, slots=True)
class Done:
    job: Job
    outcome: Outcome


Task = asyncio.Task[Done]


def run_due_checks(*, at: datetime, egress: Egress | None = None) -> int:
    """Probe every check that is due, and what becomes due meanwhile; returns how many results counted.

    Any number of sweeps may run at once. What a dying one leaves in hand is due again when its lease ends.
    """
    started, counted = time.monotonic(), 0
    way_out = egress or checks()
    pending: set[Task] = set()

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - started)

    with runner() as run_on:
        moment = at
        while True:
            if time.monotonic() - started < CLAIMING_SECONDS:
                pending |= run_on(_begun(_claim(moment, AT_ONCE - len(pending)), way_out))
            if not pending:
                return counted
            done, pending = run_on(_waited(pending))
            counted += _settled([task.result() for task in done], now)
            moment = now()


async def _begun(jobs: Collection[Job], egress: Egress) -> set[Task]:
    return {asyncio.create_task(_probed(job, egress)) for job in jobs}


async def _waited(pending: set[Task]) -> tuple[set[Task], set[Task]]:
    return await asyncio.wait(pending, timeout=WAVE_SECONDS)


async def _probed(job: Job, egress: Egress) -> Done:
    if isinstance(job.config, str):
        return Done(job, no_answer(job.config))
    return Done(job, await probe(job.config, egress, secret=job.secret, at=job.at))


def _claim(at: datetime, at_most: int) -> list[Job]:
    if at_most <= 0:
        return []
    with transaction.atomic(durable=True):
        due = HealthCheck.objects.select_for_update(skip_locked=True).due(at).exclude(kind__in=HEARD)
        rows = list(due.order_by("due_at", "pk")[:at_most])
        own = HealthCheck.objects.filter(pk__in=[row.pk for row in rows])
        own.update(lease=F("lease") + 1, leased_until=at + LEASE)
    return [_job(row, at) for row in rows]


def _job(row: HealthCheck, at: datetime) -> Job:
    try:
        config: CheckConfig | str = config_of(row)
        secret = secrets.decrypt(bytes(row.secret)) if row.secret else ""
    except InvalidCheck as error:
        config, secret = f"its configuration cannot be read: {error}", ""
    except secrets.Unreadable as error:
        config, secret = f"its password cannot be read: {error}", ""
    return Job(row.pk, row.lease + 1, at, config, secret)


def _settled(done: Sequence[Done], now: Callable[[], datetime]) -> int:
    """All together, or, where that fails, one by one: one that cannot be settled must not stop the others."""
    if not done:
        return 0
    try:
        with transaction.atomic():
            return _settle(done, now())
    except DATABASE_AWAY:
        raise
    except Exception:
        if len(done) == 1:
            logger.exception("the result of health check %s cannot be kept", done[0].job.check_id)
            return 0
        return sum(_settled([one], now) for one in done)


def _settle(done: Sequence[Done], now: datetime) -> int:
    by_check = {one.job.check_id: one for one in done}
    rows = HealthCheck.objects.kept().select_for_update(of=("self",)).select_related("environment")
    found = rows.filter(pk__in=by_check).order_by("pk")
    held = [row for row in found if row.lease == by_check[row.pk].job.lease]
    settle([Result(row, by_check[row.pk].outcome, by_check[row.pk].job.at) for row in held])
    for row in held:
        row.leased_until, row.due_at = None, _next(row, now)
    save(held)
    return len(held)


def _next(row: HealthCheck, now: datetime) -> datetime:
    """On its own grid, so that it does not drift; whoever was away does not catch up."""
    period = timedelta(seconds=row.period_seconds)
    planned = (row.due_at or now) + period
    return planned if planned > now else now + period
