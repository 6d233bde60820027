"""The shapes of alert rules in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts.models import AlertRule
from apps.alerts.serializers.delivery import NotificationOut
from apps.core.serializers import Reasoned, Strict, Versioned

DEFINITION = _("The rule as JSON; docs/api.md says what it may hold.")
RESPONSE = _("What an alert of this rule does by itself; empty: nothing.")


class EnvironmentFilter(Strict):
    environment = serializers.CharField(required=False)


class RuleOut(serializers.ModelSerializer[AlertRule]):
    environment = serializers.CharField(source="environment.key")
    open_alerts = serializers.IntegerField()
    judged_at = serializers.DateTimeField(source="standing.judged_at", allow_null=True)
    error = serializers.CharField(source="standing.error", help_text=_("Why the last query had no answer."))

    class Meta:
        model = AlertRule
        fields = [
            "key",
            "environment",
            "name",
            "severity",
            "definition",
            "response",
            "enabled",
            "open_alerts",
            "judged_at",
            "error",
            "created_at",
            "version",
        ]


class RuleIn(Strict):
    environment = serializers.CharField()
    definition = serializers.DictField(help_text=DEFINITION)
    response = serializers.DictField(required=False, help_text=RESPONSE)
    enabled = serializers.BooleanField(required=False, default=True)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=1_000)


class RuleChange(Versioned):
    definition = serializers.DictField(required=False, help_text=DEFINITION)
    response = serializers.DictField(required=False, help_text=RESPONSE)
    enabled = serializers.BooleanField(required=False)


class RuleDeletion(Strict):
    """In the query: a DELETE has no body that everybody passes on."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=1_000)
    expected_version = serializers.IntegerField(required=False, min_value=1, default=None)


class RuleTest(Reasoned):
    labels = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=500),
        required=False,
        default=dict,
        help_text=_("Of a series, as routes may ask for them."),
    )


class RuleTested(serializers.Serializer[Any]):
    notifications = NotificationOut(many=True)
