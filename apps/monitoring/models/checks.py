"""Health checks: what people edit and where each stands, the results, and what they came to by day."""

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

check_key = RegexValidator(
    r"^(?!new$)[a-z][a-z0-9_-]*$",
    _("Start with a letter; then lower-case letters, digits, hyphens and underscores. Not `new`."),
)
MIN_PERIOD, MAX_PERIOD = 5, 86_400  # seconds
MAX_THRESHOLD = 20


class HealthCheckQuerySet(models.QuerySet["HealthCheck"]):
    def kept(self) -> Self:
        return self.filter(archived_at=None)

    def due(self, at: datetime) -> Self:
        """What nobody has in hand: a lease that ran out is one of a dead worker."""
        free = Q(leased_until=None) | Q(leased_until__lte=at)
        return self.kept().filter(free, due_at__lte=at).exclude(settled=HealthCheck.State.PAUSED)


class HealthCheck(models.Model):
    class Kind(models.TextChoices):
        HTTP = "HTTP", _("HTTP")
        TCP = "TCP", _("TCP connection")
        TLS = "TLS", _("TLS certificate")
        POSTGRES = "POSTGRES", _("PostgreSQL")
        REDIS = "REDIS", _("Redis")
        HEARTBEAT = "HEARTBEAT", _("Heartbeat")
        REPORTED = "REPORTED", _("Reported")

    class State(models.TextChoices):
        NEW = "NEW", _("New")
        UP = "UP", _("Up")
        DOWN = "DOWN", _("Down")
        PAUSED = "PAUSED", _("Paused")

    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    key = models.CharField(_("key"), max_length=100, validators=[check_key])
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    config = models.JSONField(_("configuration"))  # as the domain reads it
    secret = models.BinaryField(null=True, editable=False)  # a password, encrypted by core.secrets
    period_seconds = models.PositiveIntegerField(
        _("period in seconds"), default=60, validators=[MinValueValidator(MIN_PERIOD), MaxValueValidator(MAX_PERIOD)]
    )
    failures = models.PositiveSmallIntegerField(
        _("failures until it is down"), default=3, validators=[MinValueValidator(1), MaxValueValidator(MAX_THRESHOLD)]
    )
    recoveries = models.PositiveSmallIntegerField(
        _("successes until it is up"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_THRESHOLD)]
    )
    created_at = models.DateTimeField(_("created at"))
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    # Where it stands
    settled = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW, editable=False)
    streak = models.PositiveIntegerField(default=0, editable=False)
    streak_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(_("checked at"), null=True, editable=False)
    failures_total = models.PositiveBigIntegerField(default=0, editable=False)
    # The last result
    last_ok = models.BooleanField(_("last result"), null=True, editable=False)
    last_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    last_latency_seconds = models.FloatField(_("latency"), null=True, editable=False)
    last_at = models.DateTimeField(_("last result at"), null=True, editable=False)
    # Whose turn it is: a lease's number is its fencing token
    due_at = models.DateTimeField(_("due at"), null=True, editable=False)  # none: not before something is heard
    leased_until = models.DateTimeField(null=True, editable=False)
    lease = models.PositiveBigIntegerField(default=0, editable=False)
    # What is heard: pings of a heartbeat, reports of our own apps
    ping_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    ping_hint = models.CharField(max_length=8, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    missed_at = models.DateTimeField(null=True, editable=False)  # up to here silence has been counted

    objects = HealthCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("health check")
        verbose_name_plural = _("health checks")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "key"], condition=Q(archived_at=None), name="monitoring_check_key"
            ),
            models.CheckConstraint(
                condition=Q(kind="HEARTBEAT") | Q(ping_digest=None), name="monitoring_check_pings_are_heartbeats"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(archived_at=None), name="monitoring_check_due"),
        ]

    def __str__(self) -> str:
        return self.key


class HealthResult(models.Model):
    """Partitioned by the day of `at`. One result per check and moment."""

    pk = models.CompositePrimaryKey("of_id", "at")
    # `check` alone would hide Django's Model.check
    of = models.ForeignKey(HealthCheck, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    at = models.DateTimeField(_("at"))
    ok = models.BooleanField(_("ok"))
    reason = models.CharField(_("reason"), max_length=500)
    detail = models.CharField(_("detail"), max_length=500)
    latency_seconds = models.FloatField(_("latency"), null=True)

    class Meta:
        managed = False
        db_table = "monitoring_healthresult"
        verbose_name = _("health result")
        verbose_name_plural = _("health results")

    def __str__(self) -> str:
        return f"{self.of_id} {self.at:%Y-%m-%d %H:%M:%S}"


class HealthDay(models.Model):
    """One day of UTC. The time that neither counts is not known: new, paused, or nobody looked."""

    of = models.ForeignKey(HealthCheck, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("day"))
    ok = models.PositiveIntegerField(_("good results"), default=0)
    failed = models.PositiveIntegerField(_("failed results"), default=0)
    up_seconds = models.FloatField(_("seconds up"), default=0)
    down_seconds = models.FloatField(_("seconds down"), default=0)

    class Meta:
        verbose_name = _("day of a health check")
        verbose_name_plural = _("days of health checks")
        constraints = [models.UniqueConstraint(fields=["of", "day"], name="monitoring_health_day_once")]

    def __str__(self) -> str:
        return f"{self.of_id} {self.day}"
