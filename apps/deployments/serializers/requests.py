"""What is sent to ask for a deployment, to record one, and to steer it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Reasoned, Strict, Text, Versioned, WholeNumber, YesNo
from apps.deployments.domain.gates import CHOSEN
from apps.deployments.domain.plans import MAX_SECONDS
from apps.deployments.models import Deployment, Rollback
from apps.deployments.models.services import Strategy
from apps.deployments.serializers.catalogue import ReleaseFields, StepsIn

PLANNED = ("strategy", "steps", "watch_seconds", "scheduled_at", "hotfix")
DONE = ("succeeded", "started_at")


class PlanFields(Strict):
    strategy = serializers.ChoiceField(Strategy.choices, required=False, help_text=_("Else the target's."))
    steps = StepsIn()
    watch_seconds = WholeNumber(required=False, min_value=0, max_value=MAX_SECONDS)
    scheduled_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=_("Not before then; null: as soon as the gates open.")
    )


class DeploymentIn(PlanFields, Reasoned):
    service = Text(max_length=50, help_text=_("Its key."))
    version = Text(max_length=100, help_text=_("Of a release."))
    release = ReleaseFields(required=False, help_text=_("What the version is made from, unless it is there already."))
    hotfix = YesNo(required=False, help_text=_("An emergency: skips calendar, staging, checklist, holds. For people."))
    elsewhere = YesNo(required=False, default=False, help_text=_("It was done already, and is only recorded here."))
    succeeded = YesNo(required=False, help_text=_("With `elsewhere`; true unless given."))
    started_at = serializers.DateTimeField(required=False, help_text=_("With `elsewhere`; now unless given."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        done = attrs["elsewhere"]
        wrong = [name for name in (PLANNED if done else DONE) if name in attrs]
        words = _("It is over: leave its plan out.") if done else _("Only with elsewhere: true.")
        if wrong:
            raise serializers.ValidationError({name: [words] for name in wrong})
        return attrs


class PlanChange(PlanFields, Versioned):
    """`expected_version` is the deployment's."""


class Steering(Versioned):
    """`expected_version` is the deployment's."""


class Opinion(Strict):
    comment = Text(required=False, allow_blank=True, default="", max_length=1_000)


class OverrideIn(Versioned):
    gate = serializers.ChoiceField([gate.value for gate in CHOSEN])


class TickIn(Strict):
    done = YesNo()


class RollBackIn(Versioned):
    method = serializers.ChoiceField(Rollback.Method.choices, required=False, default=Rollback.Method.SWITCH)


class DeploymentFilter(Strict):
    service = serializers.CharField(required=False, help_text=_("The service's key."))
    state = serializers.ChoiceField(Deployment.State.choices, required=False)
    version = serializers.CharField(required=False, help_text=_("The release's."))
    commit = serializers.CharField(required=False, max_length=64, help_text=_("The commit's hash, or how it begins."))
    since = serializers.DateTimeField(required=False, help_text=_("Asked for then or later."))
    until = serializers.DateTimeField(required=False, help_text=_("Asked for before."))
