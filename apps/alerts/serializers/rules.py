"""The shapes of alert rules in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts.domain.backtest import Firing
from apps.alerts.models import AlertRule
from apps.alerts.serializers.delivery import NotificationOut
from apps.core.serializers import Reasoned, Strict, Versioned

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


class BacktestIn(Strict):
    environment = serializers.CharField()
    definition = serializers.DictField(help_text=DEFINITION)


class FiringOut(serializers.Serializer[Any]):
    labels = serializers.SerializerMethodField()
    from_at = serializers.DateTimeField()
    to_at = serializers.DateTimeField(allow_null=True, help_text=_("Null: it would fire still."))
    peak = serializers.FloatField(allow_null=True, help_text=_("Null: it fired for want of data."))

    def get_labels(self, firing: Firing) -> dict[str, str]:
        return dict(firing.labels)


class BacktestOut(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    count = serializers.IntegerField(help_text=_("How often it would have fired."))
    fired_seconds = serializers.FloatField(help_text=_("For how long anything would have fired."))
    notices = serializers.IntegerField(help_text=_("That people would have got, had nothing muted or grouped them."))
    unanswered = serializers.IntegerField(help_text=_("Minutes whose query had no answer."))
    firings = FiringOut(many=True, help_text=_("The first hundred, in the order in which they began."))
