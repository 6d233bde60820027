"""Channels and what was sent to them, as resources. Addresses and secrets go in and never come out."""

from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import Channel
from apps.alerts.serializers.alerts import EnvironmentFilter
from apps.alerts.serializers.delivery import ChannelChange, ChannelIn, ChannelMade, ChannelOut, NotificationOut
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Reasoned

SLACK = example(
    "Slack",
    {
        "key": "ops-slack",
        "name": "Operators",
        "kind": "SLACK",
        "config": {"url": "https://hooks.slack.com/services/..."},
        "reason": "launch",
    },
    request=True,
)


class ChannelViewSet(ApiViewSet):
    ordering = ("key",)
    needs = {
        "list": "alerts.view_channel",
        "create": "alerts.add_channel",
        "retrieve": "alerts.view_channel",
        "partial_update": "alerts.change_channel",
        "test": "alerts.change_channel",
    }

    @cached_property
    def channel(self) -> Channel:
        return get_object_or_404(selectors.channels(self.project), key=self.kwargs["channel"])

    @endpoint("Channels", "List channels", answers=ChannelOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        return self.page(selectors.channels(self.project), ChannelOut)

    @endpoint(
        "Channels",
        "Create a channel",
        description="A webhook without `secrets` gets one, which only this answer shows.",
        body=ChannelIn,
        answers=ChannelMade,
        status=201,
        examples=[SLACK],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(ChannelIn)
        given = bool(body["config"].get("secrets"))
        row = services.create_channel(project_id=self.project.pk, **self.signed(body), **body)
        secrets = () if given else services.signing_secrets(row)
        made = {
            "channel": selectors.channels(self.project).get(pk=row.pk),
            "signing_secret": secrets[0] if secrets else None,
        }
        return Response(ChannelMade(made).data, status=201)

    @endpoint("Channels", "Read a channel", answers=ChannelOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(ChannelOut(self.channel).data)

    @endpoint(
        "Channels",
        "Change a channel",
        description="What is left out stays. `enabled: false` keeps `reason` beside the channel.",
        body=ChannelChange,
        answers=ChannelOut,
        conflict="Somebody else was faster.",
    )
    def partial_update(self, request: Request, **address: str) -> Response:
        body = self.body(ChannelChange)
        services.update_channel(channel_id=self.channel.pk, **self.signed(body), **body)
        return Response(ChannelOut(selectors.channels(self.project).get(pk=self.channel.pk)).data)

    @endpoint(
        "Channels",
        "Test a channel",
        description="Sends a notice at once; `status` and `error` say what the receiver answered.",
        body=Reasoned,
        answers=NotificationOut,
    )
    def test(self, request: Request, **address: str) -> Response:
        signed = self.signed(self.body(Reasoned))
        row = services.test_channel(channel_id=self.channel.pk, **signed)
        services.deliver(notification_id=row.pk, at=signed["at"])
        return Response(NotificationOut(selectors.notifications(self.project).get(pk=row.pk)).data)


class NotificationViewSet(ApiViewSet):
    ordering = ("-id",)
    needs = {"list": "alerts.view_notification"}

    @endpoint(
        "Channels", "List notifications, newest first", answers=NotificationOut, many=True, query=EnvironmentFilter
    )
    def list(self, request: Request, project: str) -> Response:
        environment = self.environment_asked(self.query(EnvironmentFilter))
        return self.page(selectors.notifications(self.project, environment), NotificationOut)
