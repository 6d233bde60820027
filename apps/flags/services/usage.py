"""Adding up what the nodes counted, and forgetting it in time. Exempt from the audit trail: machine-written counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core.models import Environment
from apps.flags.models import FlagUsage

DROPPED_AT_ONCE = 10_000  # rows
# Rows are written in one order everywhere, so that two nodes that flush at once do not wait for each other in a circle.
ADD = """
    INSERT INTO flags_flagusage (flag_id, environment_id, variant, hour, count)
    SELECT f.id, e.id, given.variant, %(hour)s, given.count
    FROM unnest(%(environments)s::bigint[], %(keys)s::text[], %(variants)s::text[], %(counts)s::bigint[])
         AS given(environment_id, key, variant, count)
    JOIN core_environment e ON e.id = given.environment_id
    JOIN flags_flag f ON f.project_id = e.project_id AND f.key = given.key
    ORDER BY f.id, e.id, given.variant
    ON CONFLICT (flag_id, environment_id, variant, hour) DO UPDATE SET count = flags_flagusage.count + EXCLUDED.count
"""
# `since` stays only while the same variant is served alone. Of several variants the most frequent counts as the last.
NOTE = """
    WITH served AS (
        SELECT s.id AS state_id, count(*) AS variants,
               (array_agg(given.variant ORDER BY given.count DESC, given.variant))[1] AS variant
        FROM unnest(%(environments)s::bigint[], %(keys)s::text[], %(variants)s::text[], %(counts)s::bigint[])
             AS given(environment_id, key, variant, count)
        JOIN core_environment e ON e.id = given.environment_id
        JOIN flags_flag f ON f.project_id = e.project_id AND f.key = given.key
        JOIN flags_flagstate s ON s.flag_id = f.id AND s.environment_id = e.id
        GROUP BY s.id
    )
    INSERT INTO flags_flagactivity AS known (state_id, last_served_at, variant, since)
    SELECT state_id, %(at)s, variant, %(at)s FROM served ORDER BY state_id
    ON CONFLICT (state_id) DO UPDATE SET
        last_served_at = greatest(known.last_served_at, EXCLUDED.last_served_at),
        variant = CASE
            WHEN EXCLUDED.last_served_at >= known.last_served_at THEN EXCLUDED.variant
            ELSE known.variant
        END,
        since = CASE
            WHEN EXCLUDED.variant = known.variant
                 AND (SELECT variants FROM served WHERE served.state_id = EXCLUDED.state_id) = 1
            THEN known.since
            ELSE greatest(known.since, EXCLUDED.since)
        END
"""


def add_usage(*, counts: Mapping[tuple[int, str, str], int], at: datetime) -> None:
    """Add (environment id, flag key, variant) counts to the hour of `at`, and note what was served last. Unknown
    flags are dropped. Counts that had to wait may come after newer ones."""
    if not counts:
        return
    keys = list(counts)
    values: dict[str, Any] = {
        "at": at,
        "hour": at.replace(minute=0, second=0, microsecond=0),
        "environments": [key[0] for key in keys],
        "keys": [key[1] for key in keys],
        "variants": [key[2] for key in keys],
        "counts": list(counts.values()),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ADD, values)
        cursor.execute(NOTE, values)


def drop_usage(*, before: datetime, batch: int = DROPPED_AT_ONCE) -> int:
    """Delete the counts of every hour that began before that moment; each batch is a transaction of its own, so that
    no lock is held for long. Returns how many rows went."""
    dropped = 0
    for environment in Environment.objects.values_list("pk", flat=True):
        old = FlagUsage.objects.filter(environment=environment, hour__lt=before)
        while gone := FlagUsage.objects.filter(pk__in=old.order_by("hour").values("pk")[:batch]).delete()[0]:
            dropped += gone
    return dropped
