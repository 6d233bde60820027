"""Adding up what the nodes counted. Exempt from the audit trail: machine-written counts."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

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


def add_usage(*, counts: Mapping[tuple[int, str, str], int], at: datetime) -> None:
    """Add (environment id, flag key, variant) counts to their hour in one statement. Unknown flags are dropped."""
    if not counts:
        return
    keys = list(counts)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            ADD,
            {
                "hour": at.replace(minute=0, second=0, microsecond=0),
                "environments": [key[0] for key in keys],
                "keys": [key[1] for key in keys],
                "variants": [key[2] for key in keys],
                "counts": list(counts.values()),
            },
        )
