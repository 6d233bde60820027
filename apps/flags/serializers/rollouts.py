"""Rollout plans: how one is started, and how it stands."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict, Text, Versioned, WholeNumber, YesNo
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.rollouts.problems import MAX_EVALUATIONS, MAX_GUARDS, MAX_STAGES
from apps.flags.domain.rollouts.steps import Cause
from apps.flags.domain.rollouts.templates import TEMPLATES
from apps.flags.models import RolloutPlan, RolloutStage

WEIGHT = _("The share of these users that get the variant, out of 100,000.")
HOLD = _("How long the stage lasts at least; up to 90 days.")


class StageIn(Strict):
    name = Text(max_length=100)
    groups = serializers.ListField(
        child=Text(max_length=100), required=False, default=list, help_text=_("Segment keys; none means everyone.")
    )
    weight = WholeNumber(help_text=WEIGHT)
    hold_seconds = WholeNumber(help_text=HOLD)
    needs_approval = YesNo(required=False, default=False)
    minimum_evaluations = WholeNumber(required=False, default=0, max_value=MAX_EVALUATIONS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        return Stage(**attrs | {"groups": tuple(attrs["groups"])})


class RolloutIn(Versioned):
    """`expected_version` is the flag state's."""

    variant = Text(required=False, max_length=100, help_text=_("What is rolled out; the flag's main one unless given."))
    template = serializers.ChoiceField(list(TEMPLATES), required=False, help_text=_("Whose stages to take."))
    stages = serializers.ListField(child=StageIn(), required=False, max_length=MAX_STAGES)
    guards = serializers.ListField(child=Text(max_length=100), required=False, max_length=MAX_GUARDS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "template" in attrs and "stages" in attrs:
            raise serializers.ValidationError({"template": _("Give stages or a template, not both.")})
        return attrs


class RolloutAction(Versioned):
    """`expected_version` is the rollout plan's."""


class RolloutFilter(Strict):
    environment = serializers.CharField(required=False, help_text=_("The environment's key."))
    status = serializers.ChoiceField(RolloutPlan.Status.choices, required=False)


class StageOut(serializers.ModelSerializer[RolloutStage]):
    groups = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = RolloutStage
        fields = [
            "name",
            "groups",
            "weight",
            "hold_seconds",
            "needs_approval",
            "minimum_evaluations",
            "entered_at",
            "left_at",
            "approved_at",
            "approved_by_label",
        ]


class GuardOut(serializers.Serializer[Any]):
    guard = serializers.CharField(source="name")
    green = serializers.BooleanField()
    words = serializers.CharField()


class WaitOut(serializers.Serializer[Any]):
    cause = serializers.ChoiceField([cause.value for cause in Cause])
    words = serializers.CharField()


class RolloutOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="row.pk")
    flag = serializers.CharField(source="row.state.flag.key")
    environment = serializers.CharField(source="row.state.environment.key")
    variant = serializers.CharField(source="row.variant")
    status = serializers.ChoiceField(RolloutPlan.Status.choices, source="row.status")
    position = serializers.IntegerField(source="row.position", help_text=_("Of the present stage, from 0."))
    entered_at = serializers.DateTimeField(source="row.entered_at")
    due_at = serializers.DateTimeField(source="row.due_at", allow_null=True, help_text=_("While it is running."))
    remaining_seconds = serializers.IntegerField(
        source="row.remaining_seconds", allow_null=True, help_text=_("Of the present stage, while it is paused.")
    )
    waits_for = WaitOut(source="reasons", many=True)
    guards = serializers.ListField(source="row.guards", child=serializers.CharField())
    verdicts = GuardOut(many=True, help_text=_("Of the guards, while the plan is open."))
    stages = StageOut(source="row.stages", many=True)
    base = serializers.DictField(source="row.base", help_text=_("What was served before: what rolling back restores."))
    started_at = serializers.DateTimeField(source="row.started_at")
    started_by = serializers.CharField(source="row.started_by_label")
    ended_at = serializers.DateTimeField(source="row.ended_at", allow_null=True)
    version = serializers.IntegerField(source="row.version")


class TemplateStageOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField())
    weight = serializers.IntegerField(help_text=WEIGHT)
    hold_seconds = serializers.IntegerField(help_text=HOLD)
    needs_approval = serializers.BooleanField()
    minimum_evaluations = serializers.IntegerField()


class TemplateOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    stages = TemplateStageOut(many=True)
