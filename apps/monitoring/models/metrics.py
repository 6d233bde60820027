"""Metrics: series by name and labels, their samples for days, and rollups of minutes and hours for longer."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MetricSeries(models.Model):
    class Kind(models.TextChoices):
        GAUGE = "GAUGE", _("Gauge")
        COUNTER = "COUNTER", _("Counter")  # only grows, or starts again at zero
        DISTRIBUTION = "DISTRIBUTION", _("Distribution")  # each sample one measurement, such as a latency

    environment = models.ForeignKey(
        "core.Environment", on_delete=models.CASCADE, related_name="+", verbose_name=_("environment")
    )
    name = models.CharField(_("name"), max_length=200)
    labels = models.JSONField(_("labels"), default=dict)
    fingerprint = models.UUIDField(editable=False)  # of name and labels
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.GAUGE)
    created_at = models.DateTimeField(_("created at"))
    last_at = models.DateTimeField(_("last sample at"))

    class Meta:
        verbose_name = _("metric series")
        verbose_name_plural = _("metric series")
        constraints = [
            models.UniqueConstraint(fields=["environment", "fingerprint"], name="monitoring_series_once"),
        ]
        indexes = [models.Index(fields=["environment", "name"], name="monitoring_series_name")]

    def __str__(self) -> str:
        return self.name


class MetricSample(models.Model):
    """Partitioned by the day of `at`; written by COPY. One sample per series and moment, the last one written."""

    pk = models.CompositePrimaryKey("series_id", "at")
    series = models.ForeignKey(MetricSeries, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        managed = False
        db_table = "monitoring_metricsample"

    def __str__(self) -> str:
        return f"{self.series_id} {self.value}"


class MetricRollup(models.Model):
    """What a series did in one minute or hour. `sketch` is there for distributions alone."""

    class Resolution(models.IntegerChoices):
        MINUTE = 60, _("Minute")
        HOUR = 3600, _("Hour")

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="+")
    resolution = models.PositiveSmallIntegerField(choices=Resolution.choices)  # seconds
    start = models.DateTimeField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    total = models.FloatField()
    count = models.PositiveBigIntegerField()
    last = models.FloatField()
    last_at = models.DateTimeField()
    sketch = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "resolution", "start"], name="monitoring_rollup_once")]
        indexes = [models.Index(fields=["resolution", "start"], name="monitoring_rollup_old")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.start:%Y-%m-%d %H:%M}"


class DirtyMinute(models.Model):
    """A minute whose samples changed since it was rolled up: work that waits."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "start"], name="monitoring_dirty_once")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.start:%Y-%m-%d %H:%M}"
