"""Metrics that nobody has to push, because they follow from what is here. Exempt from the audit trail: machine-written
rows."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection

from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
from apps.monitoring.models import MetricSeries
from apps.monitoring.services.samples import record

ACTIVE = timedelta(minutes=5)  # since somebody's last event
PUSHED = timedelta(hours=1)  # who pushed the metric within it knows better
DERIVED = read_series("active_users", {"source": "events"})

# The day narrows it to one or two partitions, the moments to a few blocks of these.
COUNT = """
    SELECT environment_id, count(DISTINCT coalesce(nullif(targeting_key, ''), anonymous_id))
    FROM monitoring_trackedevent
    WHERE at > %(since)s AND at <= %(at)s
      AND day BETWEEN (%(since)s AT TIME ZONE 'UTC')::date AND (%(at)s AT TIME ZONE 'UTC')::date
    GROUP BY environment_id
"""


def count_active_users(*, at: datetime) -> int:
    """How many different people's events happened in the last five minutes, as a sample of each environment that
    ever sent some and does not push the metric itself; returns how many were written."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"since": at - ACTIVE, "at": at})
        counted: dict[int, int] = dict(cursor.fetchall())
    rows = MetricSeries.objects.filter(name=DERIVED.name)
    silent = rows.filter(labels=dict(DERIVED.labels)).values_list("environment_id", flat=True)
    users = dict.fromkeys(silent, 0) | counted  # nobody is a number as well, and the one to be told of
    pushing = rows.exclude(labels=dict(DERIVED.labels)).filter(last_at__gt=at - PUSHED)
    return _write(users, set(pushing.values_list("environment_id", flat=True)), at)


def _write(users: dict[int, int], but: Collection[int], at: datetime) -> int:
    own = {environment_id: count for environment_id, count in users.items() if environment_id not in but}
    for environment_id, count in sorted(own.items()):
        record(environment_id=environment_id, samples=[Sample(DERIVED, float(count), at)], at=at)
    return len(own)
