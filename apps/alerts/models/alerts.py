"""Alerts: one row for each time that a series of a rule fires, from then until it is well again."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.alerts.models.rules import Severity


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class Alert(models.Model):
    class Kind(models.TextChoices):
        FIRING = "FIRING", _("Firing")
        NO_DATA = "NO_DATA", _("No data")

    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    rule = models.ForeignKey(
        "alerts.AlertRule", on_delete=models.SET_NULL, null=True, related_name="alerts", verbose_name=_("rule")
    )
    key = models.CharField(_("rule"), max_length=100)
    name = models.CharField(_("name"), max_length=150)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FIRING)
    incident = models.ForeignKey(
        "alerts.Incident",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="alerts",
        verbose_name=_("incident"),
    )
    labels = models.JSONField(_("labels"))  # of its series
    fingerprint = models.UUIDField(editable=False)  # of the labels
    definition = models.JSONField()  # of the rule, as it was when it fired
    value = models.FloatField(_("value"), null=True)  # the last one
    peak = models.FloatField(_("worst value"), null=True)
    active_at = models.DateTimeField(_("since"))
    fired_at = models.DateTimeField(_("fired at"))
    resolved_at = models.DateTimeField(_("resolved at"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    acknowledged_by_label = models.CharField(_("acknowledged by"), max_length=150, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "fingerprint"], condition=Q(resolved_at=None), name="alerts_one_open_per_series"
            )
        ]
        indexes = [
            models.Index(fields=["environment", "-fired_at"], name="alerts_newest"),
            models.Index(fields=["environment"], condition=Q(resolved_at=None), name="alerts_open"),
            models.Index(fields=["resolved_at"], name="alerts_ended"),
        ]

    def __str__(self) -> str:
        return self.name
