"""Rollout plans and their stages. Whoever writes either holds the lock of the flag's state."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import AuditEntry


class RolloutPlanQuerySet(models.QuerySet["RolloutPlan"]):
    def open(self) -> Self:
        """Those that hold their flag's state: nobody else changes it meanwhile."""
        return self.filter(status__in=RolloutPlan.OPEN)

    def with_stages(self) -> Self:
        """In their order, in one more query for all plans."""
        return self.prefetch_related(models.Prefetch("stages", RolloutStage.objects.order_by("position")))


class RolloutPlan(models.Model):
    class Status(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        PAUSED = "PAUSED", _("Paused")
        COMPLETED = "COMPLETED", _("Completed")
        ROLLED_BACK = "ROLLED_BACK", _("Rolled back")
        TAKEN_OVER = "TAKEN_OVER", _("Taken over")

    OPEN = (Status.RUNNING, Status.PAUSED)

    state = models.ForeignKey(
        "flags.FlagState", on_delete=models.CASCADE, related_name="rollouts", verbose_name=_("flag state")
    )
    variant = models.CharField(_("variant"), max_length=100)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.RUNNING)
    position = models.PositiveSmallIntegerField(_("stage"), default=0)  # of the present or last stage, from 0
    entered_at = models.DateTimeField(_("stage entered at"))
    due_at = models.DateTimeField(_("due at"), null=True)  # while running: when the stage's hold has been served
    remaining_seconds = models.PositiveIntegerField(_("seconds left"), null=True)  # of the hold, while paused
    evaluations_at_entry = models.PositiveBigIntegerField(default=0)  # in the hour of entry, before it
    guards = ArrayField(models.CharField(max_length=100), verbose_name=_("guards"), default=list, blank=True)
    base = models.JSONField(_("served before"))  # whole, as `transitions.readable` writes it
    started_at = models.DateTimeField(_("started at"))
    started_by_kind = models.CharField(max_length=10, choices=AuditEntry.ActorKind.choices)
    started_by_id = models.BigIntegerField(null=True)
    started_by_label = models.CharField(_("started by"), max_length=150)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RolloutPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("rollout plan")
        verbose_name_plural = _("rollout plans")
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(status__in=["RUNNING", "PAUSED"]), name="flags_rollout_one_open"
            ),
            models.CheckConstraint(
                condition=Q(status="RUNNING", due_at__isnull=False, remaining_seconds=None, ended_at=None)
                | Q(status="PAUSED", due_at=None, remaining_seconds__isnull=False, ended_at=None)
                | Q(
                    status__in=["COMPLETED", "ROLLED_BACK", "TAKEN_OVER"],
                    due_at=None,
                    remaining_seconds=None,
                    ended_at__isnull=False,
                ),
                name="flags_rollout_times_fit_status",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="RUNNING"), name="flags_rollout_due")]

    def __str__(self) -> str:
        return str(self.state)


class RolloutStage(models.Model):
    plan = models.ForeignKey(RolloutPlan, on_delete=models.CASCADE, related_name="stages", verbose_name=_("plan"))
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=100)
    groups = ArrayField(models.CharField(max_length=100), verbose_name=_("groups"), default=list, blank=True)
    weight = models.PositiveIntegerField(_("share"))  # out of 100,000
    hold_seconds = models.PositiveIntegerField(_("seconds at least"))
    needs_approval = models.BooleanField(_("needs approval"), default=False)
    minimum_evaluations = models.PositiveBigIntegerField(_("evaluations at least"), default=0)
    entered_at = models.DateTimeField(_("entered at"), null=True)
    left_at = models.DateTimeField(_("left at"), null=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)
    approved_by_label = models.CharField(_("approved by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("rollout stage")
        verbose_name_plural = _("rollout stages")
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="flags_rollout_stage_once")]

    def __str__(self) -> str:
        return self.name
