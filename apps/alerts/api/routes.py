"""Addresses of alerting, below /api/v1/."""

from django.urls import URLPattern, path

from apps.alerts.api.channels import ChannelViewSet, NotificationViewSet
from apps.alerts.api.incidents import IncidentViewSet, ReviewViewSet
from apps.alerts.api.maintenance import MaintenanceViewSet
from apps.alerts.api.routing import RouteViewSet
from apps.alerts.api.silences import SilenceViewSet
from apps.alerts.api.status import ComponentViewSet, StatusPageViewSet
from apps.alerts.api.views import AlertViewSet, RuleViewSet
from apps.core.api.routes import MANY, ONE, PROJECT, post

RULES = f"{PROJECT}environments/<slug:environment>/alert-rules/<slug:rule>/"
INCIDENT = f"{PROJECT}incidents/<int:id>/"
UNDO = f"{PROJECT}alerts/<int:id>/responses/<int:response_id>/undo/"
COMPONENTS = f"{PROJECT}environments/<slug:environment>/status-components/"
COMPONENT = f"{COMPONENTS}<slug:component>/"

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}alert-rules/", RuleViewSet.as_view(MANY), name="rule-list"),
    path(f"{PROJECT}alert-rules/backtest/", RuleViewSet.as_view(post("backtest")), name="rule-backtest"),
    path(RULES, RuleViewSet.as_view(ONE | {"delete": "destroy"}), name="rule"),
    path(f"{RULES}test/", RuleViewSet.as_view(post("test")), name="rule-test"),
    path(f"{PROJECT}alerts/", AlertViewSet.as_view({"get": "list"}), name="alert-list"),
    path(f"{PROJECT}alerts/<int:id>/", AlertViewSet.as_view({"get": "retrieve"}), name="alert"),
    path(f"{PROJECT}alerts/<int:id>/acknowledge/", AlertViewSet.as_view(post("acknowledge")), name="alert-acknowledge"),
    path(f"{PROJECT}incidents/", IncidentViewSet.as_view(MANY), name="incident-list"),
    path(INCIDENT, IncidentViewSet.as_view(ONE), name="incident"),
    path(f"{INCIDENT}acknowledge/", IncidentViewSet.as_view(post("acknowledge")), name="incident-acknowledge"),
    path(f"{INCIDENT}attach/", IncidentViewSet.as_view(post("attach")), name="incident-attach"),
    path(f"{INCIDENT}detach/", IncidentViewSet.as_view(post("detach")), name="incident-detach"),
    path(f"{INCIDENT}review.md", ReviewViewSet.as_view({"get": "retrieve"}), name="incident-review"),
    path(f"{INCIDENT}timeline/", IncidentViewSet.as_view({"get": "timeline"}), name="incident-timeline"),
    path(f"{INCIDENT}updates/", IncidentViewSet.as_view(post("update_posted")), name="incident-updates"),
    path(UNDO, AlertViewSet.as_view(post("undo")), name="alert-undo"),
    path(f"{PROJECT}channels/", ChannelViewSet.as_view(MANY), name="channel-list"),
    path(f"{PROJECT}channels/<slug:channel>/", ChannelViewSet.as_view(ONE), name="channel"),
    path(f"{PROJECT}channels/<slug:channel>/test/", ChannelViewSet.as_view(post("test")), name="channel-test"),
    path(
        f"{PROJECT}environments/<slug:environment>/maintenance/",
        MaintenanceViewSet.as_view(post("announce")),
        name="maintenance",
    ),
    path(f"{PROJECT}notifications/", NotificationViewSet.as_view({"get": "list"}), name="notification-list"),
    path(f"{PROJECT}routes/", RouteViewSet.as_view(MANY), name="route-list"),
    path(f"{PROJECT}routes/<slug:route>/", RouteViewSet.as_view(ONE), name="route"),
    path(f"{PROJECT}routes/<slug:route>/delete/", RouteViewSet.as_view(post("delete")), name="route-delete"),
    path(f"{PROJECT}silences/", SilenceViewSet.as_view(MANY), name="silence-list"),
    path(f"{PROJECT}silences/preview/", SilenceViewSet.as_view(post("preview")), name="silence-preview"),
    path(f"{PROJECT}silences/<int:id>/end/", SilenceViewSet.as_view(post("end")), name="silence-end"),
    path(f"{PROJECT}status-pages/", StatusPageViewSet.as_view(MANY), name="status-page-list"),
    path(f"{PROJECT}environments/<slug:environment>/status-page/", StatusPageViewSet.as_view(ONE), name="status-page"),
    path(COMPONENTS, ComponentViewSet.as_view(MANY), name="component-list"),
    path(COMPONENT, ComponentViewSet.as_view(ONE), name="component"),
    path(f"{COMPONENT}state/", ComponentViewSet.as_view(post("set_state")), name="component-state"),
    path(f"{COMPONENT}move/", ComponentViewSet.as_view(post("move")), name="component-move"),
    path(f"{COMPONENT}delete/", ComponentViewSet.as_view(post("remove")), name="component-delete"),
]
