"""What is kept how long, and partitions for what is to come. Exempt from the audit trail: machine-written rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from apps.core import partitions
from apps.monitoring.domain.limits import LATE_DAYS
from apps.monitoring.models import MetricRollup, RefusedEvent

DAYS_AHEAD = 7  # for as long beat may be away
REFUSED_DAYS = 1
SAMPLES, EVENTS, RESULTS = "monitoring_metricsample", "monitoring_trackedevent", "monitoring_healthresult"
TABLES = (SAMPLES, EVENTS, RESULTS)


def make_partitions(*, at: datetime, tables: Sequence[str] = TABLES) -> int:
    """For every day that a row may be of, now and in the days to come; returns how many were made."""
    first, last = (at - timedelta(days=LATE_DAYS)).date(), (at + timedelta(days=DAYS_AHEAD)).date()
    return sum(partitions.ensure(table, first=first, last=last) for table in tables)


def drop_old(*, at: datetime) -> None:
    """Whole days of events, samples and results, and the rollups and refusals that are kept no longer."""
    partitions.drop(EVENTS, before=_days_before(at, settings.EVENT_DAYS).date())
    partitions.drop(SAMPLES, before=_days_before(at, settings.SAMPLE_DAYS).date())
    partitions.drop(RESULTS, before=_days_before(at, settings.RESULT_DAYS).date())
    for resolution, days in (
        (MetricRollup.Resolution.MINUTE, settings.MINUTE_ROLLUP_DAYS),
        (MetricRollup.Resolution.HOUR, settings.HOUR_ROLLUP_DAYS),
    ):
        MetricRollup.objects.filter(resolution=resolution, start__lt=_days_before(at, days)).delete()
    RefusedEvent.objects.filter(at__lt=_days_before(at, REFUSED_DAYS)).delete()


def _days_before(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)
