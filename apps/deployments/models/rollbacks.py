"""Going back: who or what asked, by which method, and how long it took until it was seen to be well."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.deployments.models.deployments import Deployment


class Rollback(models.Model):
    class Method(models.TextChoices):
        FLAG = "FLAG", _("Feature flag")
        SWITCH = "SWITCH", _("Traffic switch")
        REVERT = "REVERT", _("Git revert")
        RESTORE = "RESTORE", _("Database restore")

    class Status(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="rollbacks")
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    automatic = models.BooleanField(_("automatic"), default=False)
    trigger = models.CharField(_("trigger"), max_length=100, blank=True)
    reason = models.TextField(_("reason"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    target_seconds = models.PositiveIntegerField(_("target in seconds"))
    asked_at = models.DateTimeField(_("asked at"))
    asked_by_label = models.CharField(_("asked by"), max_length=150)
    moved_at = models.DateTimeField(_("traffic back at"), null=True)
    verified_at = models.DateTimeField(_("seen well at"), null=True)
    watch_until = models.DateTimeField(_("watched until"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    confirmed_by_label = models.CharField(_("confirmed by"), max_length=150, blank=True)
    told = models.TextField(_("what was done"), blank=True)

    class Meta:
        verbose_name = _("rollback")
        verbose_name_plural = _("rollbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"], condition=Q(automatic=True), name="deployments_one_automatic_rollback"
            ),
            models.UniqueConstraint(
                fields=["deployment"], condition=Q(status="RUNNING"), name="deployments_one_running_rollback"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} of {self.deployment_id}"
