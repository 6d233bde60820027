"""What an alert sets off by itself: copied from its rule when it fires, claimed, done or refused, and explained."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Response(models.Model):
    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        DONE = "DONE", _("Done")
        REFUSED = "REFUSED", _("Refused")
        FAILED = "FAILED", _("Failed")
        UNDONE = "UNDONE", _("Undone")

    ACTED = (Status.DONE, Status.UNDONE)  # what was taken back was done all the same, and counts for the guards

    alert = models.ForeignKey("alerts.Alert", on_delete=models.CASCADE, related_name="responses")
    kind = models.CharField(_("kind"), max_length=40)  # as its file in responses/ says
    config = models.JSONField(_("configuration"))
    dry_run = models.BooleanField(_("dry run"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    subject = models.CharField(_("subject"), max_length=250, blank=True)  # what it acts on
    told = models.TextField(_("what happened"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    call_id = models.UUIDField(null=True, editable=False)  # goes out with every attempt to call outside
    lease = models.PositiveIntegerField(default=0)  # a number for each claim of a call: only the last one may settle
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("due at"), null=True)  # while pending
    leased_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    undo = models.JSONField(default=dict, blank=True)  # what its kind needs to take it back, written as it acts
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by_label = models.CharField(_("undone by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="PENDING"), name="alerts_response_due"),
            models.Index(
                fields=["subject", "-settled_at"],
                condition=Q(status__in=["DONE", "UNDONE"]),
                name="alerts_response_did",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
