"""The ledger of changes that wait for somebody else's consent, and the votes on them. Owners apply them."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models.audit import AuditEntry


class ChangeRequest(models.Model):
    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        APPLIED = "APPLIED", _("Applied")
        REJECTED = "REJECTED", _("Rejected")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        OUTDATED = "OUTDATED", _("Outdated")

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    environment = models.ForeignKey(
        "core.Environment",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("environment"),
    )
    kind = models.CharField(_("kind"), max_length=80)  # the app that applies it, and the change: flags.state_change
    subject_type = models.CharField(_("object type"), max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(_("object"), max_length=250)
    patch = models.JSONField(_("patch"), encoder=DjangoJSONEncoder)  # read by the owner alone
    base_version = models.PositiveIntegerField(_("stands on version"))  # of the object
    changes = models.JSONField(_("changes"), default=dict)  # field name -> [before, after]
    reason = models.TextField(_("reason"), blank=True)
    author_kind = models.CharField(_("author kind"), max_length=10, choices=AuditEntry.ActorKind.choices)
    author_id = models.BigIntegerField(null=True)
    author_label = models.CharField(_("author"), max_length=150)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        indexes = [
            models.Index(fields=["project", "status", "-id"], name="core_request_project"),
            models.Index(fields=["subject_type", "subject_id"], name="core_request_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="PENDING", closed_at=None) | ~Q(status="PENDING") & Q(closed_at__isnull=False),
                name="core_request_closed_at",
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}: {self.subject_label}"


class Vote(models.Model):
    request = models.ForeignKey(
        ChangeRequest, on_delete=models.PROTECT, related_name="votes", verbose_name=_("change request")
    )
    voter_kind = models.CharField(_("voter kind"), max_length=10, choices=AuditEntry.ActorKind.choices)
    voter_id = models.BigIntegerField(null=True)
    voter_label = models.CharField(_("voter"), max_length=150)
    approves = models.BooleanField(_("approves"))
    comment = models.TextField(_("comment"), blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            models.UniqueConstraint(fields=["request", "voter_kind", "voter_id"], name="core_vote_once_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.voter_label} on {self.request_id}"
