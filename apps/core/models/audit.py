"""The audit trail: append-only rows (triggers refuse the rest) and the seals that chain them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    class ActorKind(models.TextChoices):
        USER = "USER", _("Person")
        KEY = "KEY", _("API key")
        SYSTEM = "SYSTEM", _("PulseOps")

    kind = models.CharField(_("kind"), max_length=80)
    project = models.ForeignKey(
        "core.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("project"),
    )
    environment = models.ForeignKey(
        "core.Environment",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("environment"),
    )
    subject_type = models.CharField(_("object type"), max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(_("object"), max_length=250)
    actor_kind = models.CharField(_("actor kind"), max_length=10, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(_("actor"), max_length=150)
    reason = models.TextField(_("reason"), blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["-at", "-id"], name="core_audit_newest"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="core_audit_subject"),
            models.Index(fields=["project", "-at"], name="core_audit_project"),
            models.Index(fields=["kind", "-at"], name="core_audit_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_label}"


class AuditPending(models.Model):
    """Entries that no seal covers yet: a queue of its own, so that finding them never scans the trail."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, primary_key=True, related_name="+")

    class Meta:
        verbose_name = _("unsealed audit entry")
        verbose_name_plural = _("unsealed audit entries")

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditSeal(models.Model):
    """One link: `digest` covers the previous link and the entry. Positions have no gaps: readers tail by them."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal")
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")

    def __str__(self) -> str:
        return str(self.position)
