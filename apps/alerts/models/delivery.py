"""Where notices go, which go where, what is not heard, and the outbox: one row for each notice to each channel."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models.projects import slug


class Channel(models.Model):
    class Kind(models.TextChoices):
        SLACK = "SLACK", _("Slack")
        EMAIL = "EMAIL", _("E-mail")
        WEBHOOK = "WEBHOOK", _("Webhook")
        SENTRY = "SENTRY", _("Sentry")

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    key = models.CharField(_("key"), max_length=50, validators=[slug])
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    built_in = models.BooleanField(_("from the settings"), default=False)  # its address is read there at each sending
    config = models.JSONField(_("configuration"), default=dict, blank=True)  # what may be shown
    secret = models.BinaryField(default=b"", blank=True)  # what may not, encrypted: addresses with tokens, keys
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("disabled because"), max_length=250, blank=True)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="alerts_channel_key")]

    def __str__(self) -> str:
        return self.key


class Route(models.Model):
    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)  # the first that matches decides
    key = models.CharField(_("key"), max_length=50, validators=[slug])
    matchers = models.JSONField(_("matchers"), default=list, blank=True)
    channels = models.JSONField(_("channels"), default=list, blank=True)  # keys
    group_by = models.JSONField(_("grouped by"), null=True, blank=True)  # label names; null: each by itself
    continues = models.BooleanField(_("looks further"), default=False)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="alerts_route_key")]

    def __str__(self) -> str:
        return self.key


class SilenceQuerySet(models.QuerySet["Silence"]):
    def active(self, at: datetime) -> Self:
        return self.filter(starts_at__lte=at, ends_at__gt=at, ended_at=None)


class Silence(models.Model):
    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    environment = models.ForeignKey(
        "core.Environment",
        on_delete=models.PROTECT,
        null=True,  # all of the project
        blank=True,
        related_name="+",
        verbose_name=_("environment"),
    )
    matchers = models.JSONField(_("matchers"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))  # as planned
    ended_at = models.DateTimeField(_("ended early at"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    author_label = models.CharField(_("author"), max_length=150)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SilenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        indexes = [models.Index(fields=["project", "ends_at"], name="alerts_silence_ends")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Notification(models.Model):
    """A notice to one channel. It is written with what it tells of, and waits here until it has arrived."""

    class Kind(models.TextChoices):
        FIRED = "FIRED", _("Fired")
        NO_DATA = "NO_DATA", _("No data")
        RECOVERED = "RECOVERED", _("Recovered")
        TEST = "TEST", _("Test")
        DEPLOYMENT = "DEPLOYMENT", _("Deployment")

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Failed")
        MUTED = "MUTED", _("Muted")

    class MutedBy(models.TextChoices):
        SILENCE = "SILENCE", _("Silence")
        PAIR = "PAIR", _("More severe alert")
        CHANNEL = "CHANNEL", _("Channel is off")
        UNTOLD = "UNTOLD", _("Firing was not told")

    alert = models.ForeignKey(
        "alerts.Alert", on_delete=models.CASCADE, null=True, related_name="notifications", verbose_name=_("alert")
    )
    entry = models.ForeignKey(  # of the trail, that it tells of where there is no alert
        "core.AuditEntry", on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="notifications", verbose_name=_("channel")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    dedup_id = models.UUIDField(_("deduplication id"), unique=True)  # goes out with every attempt
    group_key = models.CharField(max_length=2_000, blank=True)
    content = models.JSONField(_("content"))
    why = models.TextField(_("why"))  # which route chose the channel, and what muted it
    muted_by = models.CharField(_("muted by"), max_length=10, choices=MutedBy.choices, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    leader = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="followers")  # sent with it
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease = models.PositiveIntegerField(default=0)  # a number for each claim: only the last one may settle
    created_at = models.DateTimeField(_("created at"))
    first_at = models.DateTimeField(_("first attempt at"), null=True)
    due_at = models.DateTimeField(_("due at"), null=True)  # while pending; a follower's is its leader's
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)  # of the last attempt

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel", "kind"], name="alerts_told_once"),
            models.UniqueConstraint(fields=["entry", "channel"], name="alerts_entry_told_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="PENDING"), name="alerts_notification_due"),
            models.Index(fields=["alert"], condition=Q(status="MUTED"), name="alerts_notification_muted"),
            models.Index(fields=["channel", "-created_at"], name="alerts_notification_log"),
        ]

    def __str__(self) -> str:
        return str(self.dedup_id)


class TrailCursor(models.Model):
    """How far alerting has read the audit trail: all up to this seal. Locked by whoever reads on."""

    name = models.CharField(max_length=50, primary_key=True)
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("place in the trail")
        verbose_name_plural = _("places in the trail")

    def __str__(self) -> str:
        return self.name
