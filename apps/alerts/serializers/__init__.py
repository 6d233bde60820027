"""The shapes of alerting in the API: rules, alerts, channels, notices, silences and status pages. Incidents have a
module of their own beside this one."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts import selectors
from apps.alerts.models import (
    Alert,
    AlertRule,
    Channel,
    Impact,
    Notification,
    Response,
    Route,
    Severity,
    Silence,
    StatusComponent,
    StatusPage,
)
from apps.core.serializers import Reasoned, Strict, Text, Versioned, WholeNumber, YesNo

DEFINITION = _("The rule as JSON; docs/api.md says what it may hold.")
CONFIG = _("`url` of Slack and webhooks, `secrets` of webhooks, `to` of e-mail, `dsn` of Sentry. Never shown again.")
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


class EnvironmentFilter(Strict):
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


class ChannelOut(serializers.ModelSerializer[Channel]):
    kind = serializers.CharField()
    config = serializers.DictField(help_text=_("What may be shown: the host, or who gets mail."))
    last_status = serializers.CharField(allow_null=True, help_text=_("Of the last notice that was sent or tried."))
    last_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(allow_null=True)

    class Meta:
        model = Channel
        fields = [
            "key",
            "name",
            "kind",
            "built_in",
            "config",
            "enabled",
            "disabled_reason",
            "last_status",
            "last_at",
            "last_error",
            "created_at",
            "version",
        ]


class ChannelMade(serializers.Serializer[Any]):
    channel = ChannelOut()
    signing_secret = serializers.CharField(
        allow_null=True, help_text=_("Of a webhook that came without one. It is not shown again.")
    )


class ChannelIn(Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)
    kind = Text(max_length=10, help_text="SLACK, EMAIL, WEBHOOK, SENTRY")
    config = serializers.DictField(help_text=CONFIG)


class ChannelChange(Versioned):
    name = Text(required=False, max_length=100)
    config = serializers.DictField(required=False, help_text=CONFIG)
    enabled = YesNo(required=False)


class NotificationOut(serializers.ModelSerializer[Notification]):
    channel = serializers.CharField(source="channel.key")
    alert = serializers.IntegerField(source="alert_id", allow_null=True, help_text=_("Null: a test of the channel."))
    kind = serializers.CharField()
    status = serializers.CharField()
    muted_by = serializers.CharField()

    class Meta:
        model = Notification
        fields = [
            "id",
            "channel",
            "alert",
            "kind",
            "status",
            "muted_by",
            "why",
            "error",
            "attempts",
            "created_at",
            "sent_at",
            "dedup_id",
        ]


class RuleTested(serializers.Serializer[Any]):
    notifications = NotificationOut(many=True)


class SilenceOut(serializers.ModelSerializer[Silence]):
    environment = serializers.CharField(
        source="environment.key", allow_null=True, default=None, help_text=_("Null: all of the project.")
    )
    standing = serializers.SerializerMethodField(help_text="pending, active, past")

    class Meta:
        model = Silence
        fields = [
            "id",
            "environment",
            "matchers",
            "starts_at",
            "ends_at",
            "ended_at",
            "standing",
            "reason",
            "author_label",
            "created_at",
            "version",
        ]

    def get_standing(self, row: Silence) -> str:
        return selectors.standing(row, self.context["at"])


class SilenceIn(Strict):
    environment = serializers.CharField(required=False, allow_null=True, default=None)
    matchers = serializers.ListField(child=serializers.DictField(), help_text="[{label, match, value}]")
    starts_at = serializers.DateTimeField(required=False, help_text=_("Left out: now."))
    ends_at = serializers.DateTimeField()
    reason = Text(max_length=1_000)


class StatusPageOut(serializers.ModelSerializer[StatusPage]):
    environment = serializers.CharField(source="environment.key")

    class Meta:
        model = StatusPage
        fields = ["environment", "slug", "title", "text", "published", "version"]


class StatusPageChange(Versioned):
    slug = Text(required=False, max_length=50)
    title = Text(required=False, max_length=100)
    text = Text(required=False, allow_blank=True, max_length=2_000)
    published = YesNo(required=False)


class StatusPageIn(Reasoned):
    environment = Text()
    slug = Text(max_length=50, help_text=_("It answers at /status/<slug>/."))
    title = Text(max_length=100)
    text = Text(required=False, allow_blank=True, max_length=2_000)
    published = YesNo(required=False)


class ComponentOut(serializers.ModelSerializer[StatusComponent]):
    class Meta:
        model = StatusComponent
        fields = ["key", "name", "description", "position", "checks", "state", "created_at", "version"]


class ComponentChange(Versioned):
    name = Text(required=False, max_length=100)
    description = Text(required=False, allow_blank=True, max_length=250)
    checks = serializers.ListField(child=Text(), required=False, help_text=_("Keys of health checks."))


class ComponentIn(Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)
    description = Text(required=False, allow_blank=True, max_length=250)
    checks = serializers.ListField(child=Text(), required=False, help_text=_("Keys of health checks."))


class ComponentState(Versioned):
    state = serializers.ChoiceField(Impact.choices)


class ComponentMove(Versioned):
    position = WholeNumber(min_value=0, max_value=32_767, help_text=_("0 is the top."))


class RouteOut(serializers.ModelSerializer[Route]):
    class Meta:
        model = Route
        fields = ["key", "position", "matchers", "channels", "group_by", "continues", "created_at", "version"]


class RouteFields(Strict):
    position = serializers.IntegerField(
        required=False, min_value=0, max_value=32_767, help_text=_("From 0, the first that is asked.")
    )
    matchers = serializers.ListField(child=serializers.DictField(), required=False, help_text="[{label, match, value}]")
    channels = serializers.ListField(
        child=Text(max_length=50), required=False, help_text=_("Keys. None: these alerts go nowhere, on purpose.")
    )
    group_by = serializers.ListField(
        child=Text(max_length=200),
        required=False,
        allow_null=True,
        help_text=_("Labels; alerts that share them share a notice. Null: a notice for each alert."),
    )
    continues = YesNo(required=False, help_text=_("Later routes are asked as well."))


class RouteIn(RouteFields, Reasoned):
    key = Text(max_length=50)


class RouteChange(RouteFields, Versioned):
    key = Text(max_length=50, required=False)
