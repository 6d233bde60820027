"""The shapes of rules and alerts in the API."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts.models import Alert, AlertRule, Response, Severity
from apps.core.serializers import Strict, Versioned

DEFINITION = _("The rule as JSON; docs/api.md says what it may hold.")
RESPONSE = _("What an alert of this rule does by itself; empty: nothing.")


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


class RuleFilter(Strict):
    environment = serializers.CharField(required=False)


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


class ResponseOut(serializers.ModelSerializer[Response]):
    class Meta:
        model = Response
        fields = ["id", "kind", "config", "dry_run", "status", "told", "created_at", "settled_at"]


class AlertOut(serializers.ModelSerializer[Alert]):
    environment = serializers.CharField(source="environment.key")
    rule = serializers.CharField(source="key")
    responses = ResponseOut(many=True)

    class Meta:
        model = Alert
        fields = [
            "id",
            "environment",
            "rule",
            "name",
            "severity",
            "kind",
            "labels",
            "value",
            "peak",
            "active_at",
            "fired_at",
            "resolved_at",
            "acknowledged_at",
            "acknowledged_by_label",
            "responses",
            "version",
        ]


class AlertFilter(Strict):
    environment = serializers.CharField(required=False)
    open = serializers.BooleanField(required=False, help_text=_("Only open ones, or only those that are over."))
    severity = serializers.ChoiceField(Severity.choices, required=False)
