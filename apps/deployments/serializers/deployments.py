"""How deployments stand, as lines of the history and whole."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.deployments.domain.checklists import Outcome, Phase
from apps.deployments.domain.phases import phases
from apps.deployments.domain.plans import parse_plan
from apps.deployments.models import Analysis, Deployment, DeploymentStep, GateReport, Override, Rollback
from apps.deployments.selectors.standing import times_of
from apps.deployments.serializers.catalogue import PlanStepOut, ReleaseOut, SlotOut
from apps.deployments.serializers.fields import InOrder


class GateReportOut(serializers.ModelSerializer[GateReport]):
    class Meta:
        model = GateReport
        list_serializer_class = InOrder
        fields = ["gate", "verdict", "reason", "opens_at", "changed_at"]


class RollbackOut(serializers.ModelSerializer[Rollback]):
    took_seconds = serializers.SerializerMethodField(help_text=_("Until it was seen well again."))

    class Meta:
        model = Rollback
        list_serializer_class = InOrder
        fields = [
            "id",
            "method",
            "automatic",
            "trigger",
            "reason",
            "status",
            "target_seconds",
            "took_seconds",
            "asked_at",
            "asked_by_label",
            "moved_at",
            "verified_at",
            "watch_until",
            "confirmed_at",
            "confirmed_by_label",
            "told",
        ]

    def get_took_seconds(self, row: Rollback) -> float | None:
        return (row.verified_at - row.asked_at).total_seconds() if row.verified_at else None


class DeploymentOut(serializers.ModelSerializer[Deployment]):
    service = serializers.CharField(source="target.service.key")
    environment = serializers.CharField(source="target.environment.key")
    release = ReleaseOut()
    previous = serializers.CharField(
        source="previous.number", default=None, allow_null=True, help_text=_("The version before.")
    )
    position = serializers.IntegerField(help_text=_("Of the plan's present step, from 0."))
    words = serializers.CharField(help_text=_("What it waits for, or came to."))
    duration_seconds = serializers.SerializerMethodField(help_text=_("From its start to its end."))
    health_before = serializers.DictField()
    health_after = serializers.DictField()
    gates = GateReportOut(many=True)
    rollbacks = RollbackOut(many=True)

    class Meta:
        model = Deployment
        fields = [
            "id",
            "service",
            "environment",
            "release",
            "previous",
            "state",
            "task",
            "words",
            "strategy",
            "position",
            "hotfix",
            "elsewhere",
            "message",
            "slot",
            "base_slot",
            "requested_at",
            "requested_by_label",
            "scheduled_at",
            "started_at",
            "traffic_at",
            "whole_at",
            "ended_at",
            "duration_seconds",
            "hold_until",
            "watch_until",
            "health_before",
            "health_after",
            "gates",
            "rollbacks",
            "version",
        ]

    def get_duration_seconds(self, row: Deployment) -> float | None:
        return (row.ended_at - row.started_at).total_seconds() if row.ended_at and row.started_at else None


class DeploymentPlanOut(serializers.Serializer[Any]):
    strategy = serializers.CharField()
    steps = PlanStepOut(many=True)
    watch_seconds = serializers.IntegerField()


class DeploymentStepOut(serializers.ModelSerializer[DeploymentStep]):
    class Meta:
        model = DeploymentStep
        list_serializer_class = InOrder
        fields = ["state", "task", "position", "weight", "status", "words", "began_at", "ended_at"]


class GateOverrideOut(serializers.ModelSerializer[Override]):
    class Meta:
        model = Override
        list_serializer_class = InOrder
        fields = ["gate", "reason", "by_label", "at"]


class AnalysisOut(serializers.ModelSerializer[Analysis]):
    findings = serializers.ListField(child=serializers.DictField(), help_text=_("One for each metric."))

    class Meta:
        model = Analysis
        list_serializer_class = InOrder
        fields = ["position", "look", "verdict", "words", "findings", "at"]


class ChecklistItemOut(serializers.Serializer[Any]):
    """An item of the checklist with what decided it."""

    key = serializers.CharField(source="item.key")
    words = serializers.CharField(source="item.words")
    phase = serializers.ChoiceField([phase.value for phase in Phase], source="item.phase")
    required = serializers.BooleanField(source="item.required")  # type: ignore[assignment]
    automatic = serializers.SerializerMethodField(help_text=_("The portal finds out by itself."))
    outcome = serializers.ChoiceField([outcome.value for outcome in Outcome])
    reason = serializers.CharField()

    def get_automatic(self, result: Any) -> bool:
        return result.item.source is not None


class PhaseOut(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="before, deploy, verify, watch")
    least_seconds = serializers.IntegerField(help_text=_("As planned."))
    most_seconds = serializers.IntegerField()
    began_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    took_seconds = serializers.FloatField(allow_null=True)


class DeploymentWhole(DeploymentOut):
    plan = DeploymentPlanOut()
    approvals_needed = serializers.SerializerMethodField(help_text=_("Of people other than who asked for it."))
    step_approved_by_label = serializers.CharField(help_text=_("Of the present step; empty: nobody."))
    steps = DeploymentStepOut(many=True, help_text=_("What it did, in order."))
    slots = SlotOut(source="target.slots", many=True)
    overrides = GateOverrideOut(many=True)
    analyses = AnalysisOut(many=True)
    checklist = serializers.SerializerMethodField()
    phases = serializers.SerializerMethodField()

    class Meta(DeploymentOut.Meta):
        fields = [
            *DeploymentOut.Meta.fields,
            "plan",
            "approvals_needed",
            "step_approved_by_label",
            "steps",
            "slots",
            "overrides",
            "analyses",
            "checklist",
            "phases",
        ]

    def get_approvals_needed(self, row: Deployment) -> int:
        return int(self.context["approvals_needed"])

    @extend_schema_field(ChecklistItemOut(many=True))
    def get_checklist(self, row: Deployment) -> list[dict[str, Any]]:
        return list(ChecklistItemOut(self.context["checklist"], many=True).data)

    @extend_schema_field(PhaseOut(many=True))
    def get_phases(self, row: Deployment) -> list[dict[str, Any]]:
        return list(PhaseOut(phases(parse_plan(row.plan), times_of(row)), many=True).data)


class GateAnswer(serializers.Serializer[Any]):
    """For whoever waits in a pipeline."""

    state = serializers.ChoiceField(Deployment.State.choices)
    open = serializers.BooleanField(help_text=_("Every gate let it pass, and it was not stopped since."))
    over = serializers.BooleanField()
    succeeded = serializers.BooleanField(allow_null=True, help_text=_("Null: not over."))
    reasons = serializers.ListField(child=serializers.CharField(), help_text=_("What it waits for, or came to."))


class WayBackOut(serializers.Serializer[Any]):
    """One method of rolling back, as it stands now."""

    method = serializers.SerializerMethodField()
    possible = serializers.BooleanField()
    reason = serializers.CharField(help_text=_("What it does, or what is in its way."))
    target_seconds = serializers.IntegerField()
    will_not_undo = serializers.ListField(child=serializers.CharField())
    loses = serializers.CharField(help_text=_("What is worse afterwards than before; empty: nothing."))

    @extend_schema_field(serializers.ChoiceField(Rollback.Method.choices))
    def get_method(self, option: Any) -> str:
        return str(option.method.upper())
