"""Why a flag answers what it answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict
from apps.flags.domain.engine.outcome import ErrorCode, Reason

CONTEXT = _("The user: `targetingKey`, `groups` and any attributes.")


class Explain(Strict):
    context = serializers.DictField(help_text=CONTEXT)  # type: ignore[assignment]


class ShareOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    first = serializers.IntegerField()
    end = serializers.IntegerField()


class PlacementOut(serializers.Serializer[Any]):
    unit = serializers.CharField()
    bucket = serializers.IntegerField(help_text=_("0 to 99,999."))
    shares = ShareOut(many=True)


class RuleCheckOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="rule.id")
    matched = serializers.BooleanField()
    in_window = serializers.BooleanField(help_text=_("Whether the rule's time window was open."))
    check = serializers.JSONField(allow_null=True, help_text=_("Every condition with the value it met."))
    placement = PlacementOut(allow_null=True)


class PrerequisiteCheckOut(serializers.Serializer[Any]):
    flag = serializers.CharField()
    wanted = serializers.ListField(child=serializers.CharField())
    serves = serializers.CharField(allow_null=True, help_text=_("Null when that flag serves nothing."))
    met = serializers.BooleanField()


class ExplanationOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    cause = serializers.CharField()
    reason = serializers.ChoiceField([reason.value for reason in Reason])
    variant = serializers.CharField(allow_null=True)
    value = serializers.JSONField(allow_null=True)
    sentence = serializers.CharField(help_text=_("The same in one English sentence."))
    prerequisites = PrerequisiteCheckOut(many=True, help_text=_("Up to the first that is not met."))
    rules = RuleCheckOut(many=True)
    error_code = serializers.ChoiceField([code.value for code in ErrorCode], allow_null=True)
    error_details = serializers.CharField(allow_null=True)
