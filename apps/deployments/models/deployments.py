"""A deployment and what belongs to it alone: steps taken, verdicts of gates, ticks of its checklist."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import AuditEntry
from apps.deployments.domain import states
from apps.deployments.models.services import Release, Strategy, Target


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def active(self) -> Self:
        """Those that hold their target's lock."""
        return self.filter(state__in=Deployment.ACTIVE)

    def with_all(self) -> Self:
        return self.select_related("target__service__project", "target__environment", "release", "previous")


class Deployment(models.Model):
    class State(models.TextChoices):
        CHECKING = "CHECKING", _("Checking")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("Awaiting approval")
        QUEUED = "QUEUED", _("Queued")
        PREPARING = "PREPARING", _("Preparing")
        READY = "READY", _("Ready to switch")
        ROLLING = "ROLLING", _("Rolling out")
        PAUSED = "PAUSED", _("Paused")
        WATCHING = "WATCHING", _("Watching")
        ROLLING_BACK = "ROLLING_BACK", _("Rolling back")
        ROLLBACK_FAILED = "ROLLBACK_FAILED", _("Rollback failed")
        SUCCEEDED = "SUCCEEDED", _("Succeeded")
        ROLLED_BACK = "ROLLED_BACK", _("Rolled back")
        REJECTED = "REJECTED", _("Rejected")
        CANCELLED = "CANCELLED", _("Cancelled")
        SUPERSEDED = "SUPERSEDED", _("Superseded")
        FAILED_BEFORE_TRAFFIC = "FAILED_BEFORE_TRAFFIC", _("Failed before traffic")
        EXPIRED = "EXPIRED", _("Expired")

    class Task(models.TextChoices):
        GATES = "GATES", _("Gates")
        DRAIN = "DRAIN", _("Draining")
        PREPARE = "PREPARE", _("Bringing the release up")
        HEALTH = "HEALTH", _("Health")
        SMOKE = "SMOKE", _("Smoke tests")
        SHIFT = "SHIFT", _("Moving traffic")
        HOLD = "HOLD", _("Holding")
        WATCH = "WATCH", _("Watching")
        STOP = "STOP", _("Stopping the old slot")
        NONE = "NONE", _("Nothing")

    WAITING = tuple(sorted(states.WAITING))
    ACTIVE = tuple(sorted(states.ACTIVE))
    LIVE = tuple(sorted(states.LIVE))
    OVER = tuple(sorted(states.OVER))

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="deployments", verbose_name=_("target"))
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", verbose_name=_("release"))
    previous = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("version before")
    )
    state = models.CharField(_("state"), max_length=25, choices=State.choices, default=State.CHECKING)
    task = models.CharField(_("task"), max_length=10, choices=Task.choices, default=Task.GATES)
    strategy = models.CharField(_("strategy"), max_length=12, choices=Strategy.choices)
    plan = models.JSONField(_("plan"))  # as domain/plans.py writes it
    plan_digest = models.CharField(max_length=64)  # what approvals are bound to
    message = models.TextField(_("message"), blank=True)
    hotfix = models.BooleanField(_("emergency hotfix"), default=False)
    elsewhere = models.BooleanField(_("done elsewhere"), default=False)  # only recorded here
    slot = models.CharField(_("new slot"), max_length=20, blank=True)
    base_slot = models.CharField(_("old slot"), max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(_("step"), default=0)  # of the plan, from 0
    step_approved_by_label = models.CharField(max_length=150, blank=True)  # of the present step
    task_since = models.DateTimeField(_("at this since"))
    tries = models.PositiveSmallIntegerField(default=0)
    words = models.TextField(_("what it waits for, or came to"), blank=True)
    hold_until = models.DateTimeField(_("holds until"), null=True)
    watch_until = models.DateTimeField(_("watches until"), null=True)
    paused_from = models.CharField(max_length=25, choices=State.choices, blank=True)
    remaining_seconds = models.PositiveIntegerField(null=True)  # of the hold or watch, while paused
    due_at = models.DateTimeField(_("due at"), null=True)  # of the next tick; null when it is over
    fence = models.PositiveBigIntegerField(default=0)  # a number for each claim: only the last one may settle
    leased_until = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    requested_at = models.DateTimeField(_("requested at"))
    requested_by_kind = models.CharField(max_length=10, choices=AuditEntry.ActorKind.choices)
    requested_by_id = models.BigIntegerField(null=True)
    requested_by_label = models.CharField(_("requested by"), max_length=150)
    idempotency_key = models.CharField(max_length=200, blank=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True)  # preparing
    traffic_at = models.DateTimeField(_("first traffic at"), null=True)
    whole_at = models.DateTimeField(_("all traffic at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    health_before = models.JSONField(_("health before"), default=dict, blank=True)
    health_after = models.JSONField(_("health after"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        permissions = [
            ("approve_deployment", "Can approve deployments and their steps"),
            ("roll_back_deployment", "Can roll deployments back"),
            ("override_gate", "Can let deployments past gates, as emergency hotfixes do"),
            ("deploy_protected", "Can deploy to protected environments"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["target"], condition=Q(state__in=sorted(states.ACTIVE)), name="deployments_one_active"
            ),
            models.UniqueConstraint(
                fields=["target", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="deployments_asked_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(states.OVER), due_at=None, ended_at__isnull=False)
                | ~Q(state__in=sorted(states.OVER)) & Q(due_at__isnull=False, ended_at=None),
                name="deployments_times_fit_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="deployments_due"),
            models.Index(fields=["target", "-requested_at", "-id"], name="deployments_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.release}"


class DeploymentStep(models.Model):
    """What it did, in order: written as an intent before the work and settled after it."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=25, choices=Deployment.State.choices)
    task = models.CharField(_("task"), max_length=10, choices=Deployment.Task.choices)
    position = models.PositiveSmallIntegerField(_("step"), default=0)
    weight = models.PositiveIntegerField(_("weight"), null=True)  # that the new slot is to have
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    words = models.TextField(_("what came of it"), blank=True)
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("step of a deployment")
        verbose_name_plural = _("steps of deployments")
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"], condition=Q(status="RUNNING"), name="deployments_step_one_running"
            )
        ]
        indexes = [models.Index(fields=["deployment", "id"], name="deployments_step_order")]

    def __str__(self) -> str:
        return f"{self.state} {self.task}"


class GateReport(models.Model):
    """What one gate says of a deployment, as of the last look."""

    class Verdict(models.TextChoices):
        PASSED = "PASSED", _("Passed")
        WAITING = "WAITING", _("Waiting")
        FAILED = "FAILED", _("Failed")
        NOT_ASKED = "NOT_ASKED", _("Not asked for")
        OVERRIDDEN = "OVERRIDDEN", _("Overridden")

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="gates")
    gate = models.CharField(_("gate"), max_length=20)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason = models.TextField(_("reason"), blank=True)
    opens_at = models.DateTimeField(_("opens at"), null=True)
    changed_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("gate report")
        verbose_name_plural = _("gate reports")
        constraints = [models.UniqueConstraint(fields=["deployment", "gate"], name="deployments_gate_once")]

    def __str__(self) -> str:
        return f"{self.gate} {self.verdict}"


class Override(models.Model):
    """Somebody let a deployment past a gate, and said why."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="overrides")
    gate = models.CharField(_("gate"), max_length=20)
    reason = models.TextField(_("reason"))
    by_label = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("override of a gate")
        verbose_name_plural = _("overrides of gates")
        constraints = [models.UniqueConstraint(fields=["deployment", "gate"], name="deployments_override_once")]

    def __str__(self) -> str:
        return self.gate


class ChecklistTick(models.Model):
    """A manual item of the checklist that somebody saw to. Taking it back deletes the row."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="ticks")
    item = models.CharField(_("item"), max_length=60)
    by_label = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("tick of a checklist")
        verbose_name_plural = _("ticks of checklists")
        constraints = [models.UniqueConstraint(fields=["deployment", "item"], name="deployments_tick_once")]

    def __str__(self) -> str:
        return self.item
