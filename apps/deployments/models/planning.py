"""When nobody deploys, and what people are told when somebody does."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class FreezeWindow(models.Model):
    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    environment = models.ForeignKey(
        "core.Environment",
        on_delete=models.PROTECT,
        null=True,  # all of the project
        blank=True,
        related_name="+",
        verbose_name=_("environment"),
    )
    name = models.CharField(_("name"), max_length=100)
    reason = models.TextField(_("reason"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    created_at = models.DateTimeField(_("created at"))
    author_label = models.CharField(_("author"), max_length=150)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("freeze window")
        verbose_name_plural = _("freeze windows")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="deployments_freeze_times")]
        indexes = [models.Index(fields=["project", "ends_at"], name="deployments_freeze_ends")]

    def __str__(self) -> str:
        return self.name


class MessageTemplate(models.Model):
    """A project's own words for one kind of message. Without a row, the usual words are used."""

    class Kind(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        STARTED = "STARTED", _("Started")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("Awaiting approval")
        SUCCEEDED = "SUCCEEDED", _("Succeeded")
        FAILED = "FAILED", _("Failed")
        ROLLED_BACK = "ROLLED_BACK", _("Rolled back")
        MAINTENANCE = "MAINTENANCE", _("Maintenance")

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("body"), max_length=4_000)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="deployments_template_once")]

    def __str__(self) -> str:
        return self.kind
