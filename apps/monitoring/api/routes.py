"""Addresses of monitoring, below /api/v1/. Ingest and pings have their own short path."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from apps.core.api.routes import MANY, ONE, PROJECT, Actions, post
from apps.monitoring.api.checks import CheckResultViewSet, CheckViewSet
from apps.monitoring.api.observations import EventViewSet, MetricViewSet


class CheckKey(StringConverter):
    regex = r"[a-z][a-z0-9_-]*"


class MetricName(StringConverter):
    regex = r"[a-zA-Z_:][a-zA-Z0-9_:]*"


register_converter(CheckKey, "check_key")
register_converter(MetricName, "metric_name")

LIST: Actions = {"get": "list"}
CHECKS = f"{PROJECT}environments/<slug:environment>/checks/"
CHECK = f"{CHECKS}<check_key:check>/"
METRICS = f"{PROJECT}environments/<slug:environment>/metrics/"
EVENTS = f"{PROJECT}environments/<slug:environment>/events/"

urlpatterns: list[URLPattern] = [
    path(CHECKS, CheckViewSet.as_view(MANY), name="check-list"),
    path(CHECK, CheckViewSet.as_view(ONE), name="check"),
    path(f"{CHECK}pause/", CheckViewSet.as_view(post("pause")), name="check-pause"),
    path(f"{CHECK}resume/", CheckViewSet.as_view(post("resume")), name="check-resume"),
    path(f"{CHECK}run/", CheckViewSet.as_view(post("run")), name="check-run"),
    path(f"{CHECK}archive/", CheckViewSet.as_view(post("archive")), name="check-archive"),
    path(f"{CHECK}new-ping-address/", CheckViewSet.as_view(post("renew")), name="check-renew"),
    path(f"{CHECK}results/", CheckResultViewSet.as_view(LIST), name="check-results"),
    path(f"{CHECK}days/", CheckViewSet.as_view({"get": "days"}), name="check-days"),
    path(METRICS, MetricViewSet.as_view(LIST), name="metric-list"),
    path(f"{METRICS}<metric_name:metric>/series/", MetricViewSet.as_view({"get": "series"}), name="metric-series"),
    path(f"{METRICS}<metric_name:metric>/points/", MetricViewSet.as_view({"get": "points"}), name="metric-points"),
    path(EVENTS, EventViewSet.as_view(LIST), name="event-list"),
    path(f"{EVENTS}feed/", EventViewSet.as_view({"get": "feed"}), name="event-feed"),
    path(f"{EVENTS}refused/", EventViewSet.as_view({"get": "refused"}), name="event-refused"),
]
