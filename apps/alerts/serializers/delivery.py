"""The shapes in the API of where notices go, which go where, what was sent, and what is muted."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts import selectors
from apps.alerts.models import Channel, Notification, Route, Silence
from apps.alerts.serializers.alerts import AlertOut
from apps.core.serializers import Reasoned, Strict, Text, Versioned, YesNo

CONFIG = _("`url` of Slack and webhooks, `secrets` of webhooks, `to` of e-mail, `dsn` of Sentry. Never shown again.")


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


class MaintenanceIn(Strict):
    text = Text(max_length=2_000, help_text=_("What happens, and what people will notice."))
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    service = Text(max_length=50, required=False, help_text=_("Its key. Left out: all of the environment."))


class NotificationOut(serializers.ModelSerializer[Notification]):
    channel = serializers.CharField(source="channel.key")
    alert = serializers.IntegerField(
        source="alert_id",
        allow_null=True,
        help_text=_("Null: a test of the channel, or a message about a deployment or maintenance."),
    )
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


class MaintenanceOut(serializers.Serializer[Any]):
    notifications = NotificationOut(many=True)


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


class SilencePreview(Strict):
    environment = serializers.CharField(required=False, allow_null=True, default=None)
    matchers = serializers.ListField(child=serializers.DictField(), help_text="[{label, match, value}]")
    starts_at = serializers.DateTimeField(required=False, help_text=_("Left out: now."))
    ends_at = serializers.DateTimeField()


class SilenceIn(SilencePreview):
    reason = Text(max_length=1_000)


class Muted(serializers.Serializer[Any]):
    alerts = AlertOut(many=True)
