"""An index of a few kilobytes for what just happened: rows come in nearly by time."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_checks")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX monitoring_event_moment ON monitoring_trackedevent USING brin (at) WITH (autosummarize = on)",
            "DROP INDEX monitoring_event_moment",
        ),
    ]
