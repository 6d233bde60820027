"""The two large tables, partitioned by day. Their first partitions come with the first sweep."""

from django.db import migrations

SAMPLES = """
CREATE TABLE monitoring_metricsample (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at)
"""
EVENTS = """
CREATE SEQUENCE monitoring_trackedevent_position CACHE 100;
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
    position bigint NOT NULL DEFAULT nextval('monitoring_trackedevent_position'),
    PRIMARY KEY (environment_id, day, event_id)
) PARTITION BY RANGE (day);
CREATE INDEX monitoring_event_cursor ON monitoring_trackedevent (environment_id, transaction, position);
CREATE INDEX monitoring_event_name ON monitoring_trackedevent (environment_id, name, at);
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [
        migrations.RunSQL(SAMPLES, "DROP TABLE monitoring_metricsample"),
        migrations.RunSQL(
            EVENTS, "DROP TABLE monitoring_trackedevent; DROP SEQUENCE monitoring_trackedevent_position"
        ),
    ]
