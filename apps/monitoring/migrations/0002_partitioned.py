"""The two large tables, partitioned by day. Beat makes further partitions ahead."""

from django.db import migrations
from django.utils import timezone

from apps.monitoring import services

SAMPLES = """
CREATE TABLE monitoring_metricsample (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at)
"""
EVENTS = """
CREATE TABLE monitoring_trackedevent (
    environment_id bigint NOT NULL,
    day date NOT NULL,
    event_id uuid NOT NULL,
    name varchar(200) NOT NULL,
    targeting_key varchar(200) NOT NULL,
    anonymous_id varchar(200) NOT NULL,
    properties jsonb NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    transaction bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    position int NOT NULL,
    PRIMARY KEY (environment_id, day, event_id)
) PARTITION BY RANGE (day);
CREATE INDEX monitoring_event_cursor ON monitoring_trackedevent (environment_id, transaction, position);
CREATE INDEX monitoring_event_name ON monitoring_trackedevent (environment_id, name, at);
"""


def first_partitions(apps, schema_editor):
    services.make_partitions(at=timezone.now(), tables=(services.SAMPLES, services.EVENTS))


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [
        migrations.RunSQL(SAMPLES, "DROP TABLE monitoring_metricsample"),
        migrations.RunSQL(
            EVENTS, "DROP TABLE monitoring_trackedevent"
        ),
        migrations.RunPython(first_partitions, migrations.RunPython.noop),
    ]
