"""Incidents: what went wrong, who sees to it, and what was said about it. Alerts point at the incident they joined."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.alerts.models.rules import Severity
from apps.alerts.models.status import Impact, StatusComponent


class IncidentStatus(models.TextChoices):
    """As on public status pages."""

    INVESTIGATING = "INVESTIGATING", _("Investigating")
    IDENTIFIED = "IDENTIFIED", _("Identified")
    MONITORING = "MONITORING", _("Monitoring")
    RESOLVED = "RESOLVED", _("Resolved")


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class Incident(models.Model):
    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    title = models.CharField(_("title"), max_length=200)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    status = models.CharField(
        _("status"), max_length=20, choices=IncidentStatus.choices, default=IncidentStatus.INVESTIGATING
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    public = models.BooleanField(_("on the status page"), default=False)
    impact = models.CharField(_("impact"), max_length=20, choices=Impact.choices, default=Impact.OPERATIONAL)
    components = models.ManyToManyField(StatusComponent, blank=True, related_name="incidents")
    deployments = models.ManyToManyField("deployments.Deployment", related_name="+", blank=True)  # rolled back in it
    automatic = models.BooleanField(_("opened by alerts"), default=False)
    opened_by_label = models.CharField(_("opened by"), max_length=150)
    opened_at = models.DateTimeField(_("opened at"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    acted_at = models.DateTimeField(_("acted on at"), null=True)  # the first response that was done, or action noted
    resolved_at = models.DateTimeField(_("resolved at"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        indexes = [
            models.Index(fields=["environment", "-opened_at"], name="alerts_incident_newest"),
            models.Index(fields=["environment"], condition=models.Q(resolved_at=None), name="alerts_incident_open"),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentUpdate(models.Model):
    """What was said, and how it stood then. Not public: a note for the team."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(_("status"), max_length=20, choices=IncidentStatus.choices)
    impact = models.CharField(_("impact"), max_length=20, choices=Impact.choices)
    text = models.TextField(_("text"))
    public = models.BooleanField(_("on the status page"), default=False)
    author_label = models.CharField(_("author"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("update of an incident")
        verbose_name_plural = _("updates of incidents")
        indexes = [models.Index(fields=["incident", "-at"], name="alerts_update_newest")]

    def __str__(self) -> str:
        return self.text[:50]
