"""Addresses of alerting, below /api/v1/."""

from django.urls import URLPattern, path

from apps.alerts.api.channels import ChannelViewSet, NotificationViewSet
from apps.alerts.api.routing import RouteViewSet
from apps.alerts.api.silences import SilenceViewSet
from apps.alerts.api.views import AlertViewSet, RuleViewSet
from apps.core.api.routes import MANY, ONE, PROJECT, post

RULES = f"{PROJECT}environments/<slug:environment>/alert-rules/<slug:rule>/"

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}alert-rules/", RuleViewSet.as_view(MANY), name="rule-list"),
    path(RULES, RuleViewSet.as_view(ONE), name="rule"),
    path(f"{RULES}test/", RuleViewSet.as_view(post("test")), name="rule-test"),
    path(f"{PROJECT}alerts/", AlertViewSet.as_view({"get": "list"}), name="alert-list"),
    path(f"{PROJECT}alerts/<int:id>/", AlertViewSet.as_view({"get": "retrieve"}), name="alert"),
    path(f"{PROJECT}alerts/<int:id>/acknowledge/", AlertViewSet.as_view(post("acknowledge")), name="alert-acknowledge"),
    path(f"{PROJECT}channels/", ChannelViewSet.as_view(MANY), name="channel-list"),
    path(f"{PROJECT}channels/<slug:channel>/", ChannelViewSet.as_view(ONE), name="channel"),
    path(f"{PROJECT}channels/<slug:channel>/test/", ChannelViewSet.as_view(post("test")), name="channel-test"),
    path(f"{PROJECT}notifications/", NotificationViewSet.as_view({"get": "list"}), name="notification-list"),
    path(f"{PROJECT}routes/", RouteViewSet.as_view(MANY), name="route-list"),
    path(f"{PROJECT}routes/<slug:route>/", RouteViewSet.as_view(ONE), name="route"),
    path(f"{PROJECT}routes/<slug:route>/delete/", RouteViewSet.as_view(post("delete")), name="route-delete"),
    path(f"{PROJECT}silences/", SilenceViewSet.as_view(MANY), name="silence-list"),
    path(f"{PROJECT}silences/<int:id>/end/", SilenceViewSet.as_view(post("end")), name="silence-end"),
]
