"""Changes of a state that wait for their time."""

from datetime import datetime
from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import AuditEntry


class ScheduledChangeQuerySet(models.QuerySet["ScheduledChange"]):
    def pending(self) -> Self:
        return self.filter(status=ScheduledChange.Status.PENDING)

    def due(self, at: datetime) -> Self:
        """In order, and of each state only the next: the one after it stands on what that one makes."""
        sooner = Q(apply_at__lt=OuterRef("apply_at")) | Q(apply_at=OuterRef("apply_at"), pk__lt=OuterRef("pk"))
        earlier = ScheduledChange.objects.pending().filter(sooner, state=OuterRef("state"))
        return self.pending().filter(~Exists(earlier), apply_at__lte=at).order_by("apply_at", "id")


class ScheduledChange(models.Model):
    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        APPLIED = "APPLIED", _("Applied")
        CANCELLED = "CANCELLED", _("Cancelled")
        CONFLICT = "CONFLICT", _("Conflict")

    state = models.ForeignKey(
        "flags.FlagState", on_delete=models.CASCADE, related_name="schedules", verbose_name=_("flag state")
    )
    apply_at = models.DateTimeField(_("apply at"))
    patch = models.JSONField(_("patch"), encoder=DjangoJSONEncoder)
    base_version = models.PositiveIntegerField(_("stands on version"))  # of the state
    approved = models.BooleanField(_("approved"), default=False)  # comes from an approved request
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    reason = models.TextField(_("reason"), blank=True)
    author_kind = models.CharField(_("author kind"), max_length=10, choices=AuditEntry.ActorKind.choices)
    author_id = models.BigIntegerField(null=True)
    author_label = models.CharField(_("author"), max_length=150)
    applied_at = models.DateTimeField(_("applied at"), null=True)
    note = models.TextField(_("note"), blank=True)  # what came of it, where that is worth a word
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScheduledChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled change")
        verbose_name_plural = _("scheduled changes")
        indexes = [
            models.Index(fields=["apply_at"], condition=Q(status="PENDING"), name="flags_schedule_due"),
        ]

    def __str__(self) -> str:
        return f"{self.state} at {self.apply_at:%Y-%m-%d %H:%M} UTC"
