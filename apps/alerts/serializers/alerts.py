"""The shapes of alerts in the API, and of what they set off."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts.models import Alert, Response, Severity
from apps.core.serializers import Strict


class EnvironmentFilter(Strict):
    environment = serializers.CharField(required=False)


class ResponseOut(serializers.ModelSerializer[Response]):
    class Meta:
        model = Response
        fields = [
            "id",
            "kind",
            "config",
            "dry_run",
            "status",
            "told",
            "created_at",
            "settled_at",
            "undone_at",
            "undone_by_label",
        ]


class AlertOut(serializers.ModelSerializer[Alert]):
    environment = serializers.CharField(source="environment.key")
    rule = serializers.CharField(source="key")
    incident = serializers.IntegerField(source="incident_id", allow_null=True, help_text=_("That it belongs to."))
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
            "incident",
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


class AlertFilter(EnvironmentFilter):
    open = serializers.BooleanField(required=False, help_text=_("Only open ones, or only those that are over."))
    severity = serializers.ChoiceField(Severity.choices, required=False)
