"""Health checks. Their results are partitioned by day; beat makes further partitions ahead."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from apps.monitoring import services

RESULTS = """
CREATE TABLE monitoring_healthresult (
    of_id bigint NOT NULL,
    at timestamptz NOT NULL,
    ok boolean NOT NULL,
    reason varchar(500) NOT NULL,
    detail varchar(500) NOT NULL,
    latency_seconds double precision,
    PRIMARY KEY (of_id, at)
) PARTITION BY RANGE (at)
"""


def first_partitions(apps, schema_editor):
    services.make_partitions(at=timezone.now(), tables=(services.RESULTS,))


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_holds'),
        ('monitoring', '0002_partitioned'),
    ]

    operations = [
        migrations.CreateModel(
            name='HealthResult',
            fields=[
                ('pk', models.CompositePrimaryKey('of_id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('ok', models.BooleanField(verbose_name='ok')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('detail', models.CharField(max_length=500, verbose_name='detail')),
                ('latency_seconds', models.FloatField(null=True, verbose_name='latency')),
            ],
            options={
                'verbose_name': 'health result',
                'verbose_name_plural': 'health results',
                'db_table': 'monitoring_healthresult',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='HealthCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^(?!new$)[a-z][a-z0-9_-]*$', 'Start with a letter; then lower-case letters, digits, hyphens and underscores. Not `new`.')], verbose_name='key')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('kind', models.CharField(choices=[('HTTP', 'HTTP'), ('TCP', 'TCP connection'), ('TLS', 'TLS certificate'), ('POSTGRES', 'PostgreSQL'), ('REDIS', 'Redis'), ('HEARTBEAT', 'Heartbeat'), ('REPORTED', 'Reported')], max_length=10, verbose_name='kind')),
                ('config', models.JSONField(verbose_name='configuration')),
                ('secret', models.BinaryField(null=True)),
                ('period_seconds', models.PositiveIntegerField(default=60, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(86400)], verbose_name='period in seconds')),
                ('failures', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='failures until it is down')),
                ('recoveries', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='successes until it is up')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('archived_at', models.DateTimeField(blank=True, null=True, verbose_name='archived at')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('settled', models.CharField(choices=[('NEW', 'New'), ('UP', 'Up'), ('DOWN', 'Down'), ('PAUSED', 'Paused')], default='NEW', editable=False, max_length=10, verbose_name='state')),
                ('streak', models.PositiveIntegerField(default=0, editable=False)),
                ('streak_at', models.DateTimeField(editable=False, null=True)),
                ('checked_at', models.DateTimeField(editable=False, null=True, verbose_name='checked at')),
                ('failures_total', models.PositiveBigIntegerField(default=0, editable=False)),
                ('last_ok', models.BooleanField(editable=False, null=True, verbose_name='last result')),
                ('last_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason')),
                ('last_latency_seconds', models.FloatField(editable=False, null=True, verbose_name='latency')),
                ('last_at', models.DateTimeField(editable=False, null=True, verbose_name='last result at')),
                ('due_at', models.DateTimeField(editable=False, null=True, verbose_name='due at')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('lease', models.PositiveBigIntegerField(default=0, editable=False)),
                ('ping_digest', models.BinaryField(max_length=32, null=True, unique=True)),
                ('ping_hint', models.CharField(blank=True, editable=False, max_length=8)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('missed_at', models.DateTimeField(editable=False, null=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.environment', verbose_name='environment')),
            ],
            options={
                'verbose_name': 'health check',
                'verbose_name_plural': 'health checks',
            },
        ),
        migrations.CreateModel(
            name='HealthDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('ok', models.PositiveIntegerField(default=0, verbose_name='good results')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed results')),
                ('up_seconds', models.FloatField(default=0, verbose_name='seconds up')),
                ('down_seconds', models.FloatField(default=0, verbose_name='seconds down')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='monitoring.healthcheck')),
            ],
            options={
                'verbose_name': 'day of a health check',
                'verbose_name_plural': 'days of health checks',
            },
        ),
        migrations.AddIndex(
            model_name='healthcheck',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['due_at'], name='monitoring_check_due'),
        ),
        migrations.AddConstraint(
            model_name='healthcheck',
            constraint=models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('environment', 'key'), name='monitoring_check_key'),
        ),
        migrations.AddConstraint(
            model_name='healthcheck',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'HEARTBEAT'), ('ping_digest', None), _connector='OR'), name='monitoring_check_pings_are_heartbeats'),
        ),
        migrations.AddConstraint(
            model_name='healthday',
            constraint=models.UniqueConstraint(fields=('of', 'day'), name='monitoring_health_day_once'),
        ),
        migrations.RunSQL(RESULTS, "DROP TABLE monitoring_healthresult"),
        migrations.RunPython(first_partitions, migrations.RunPython.noop),
    ]
