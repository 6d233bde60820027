"""Addresses of alerting, below /api/v1/."""

from django.urls import URLPattern, path

from apps.alerts.api.views import AlertViewSet, RuleViewSet
from apps.core.api.routes import MANY, ONE, PROJECT

RULES = f"{PROJECT}environments/<slug:environment>/alert-rules/<slug:rule>/"

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}alert-rules/", RuleViewSet.as_view(MANY), name="rule-list"),
    path(RULES, RuleViewSet.as_view(ONE), name="rule"),
    path(f"{PROJECT}alerts/", AlertViewSet.as_view({"get": "list"}), name="alert-list"),
    path(f"{PROJECT}alerts/<int:id>/", AlertViewSet.as_view({"get": "retrieve"}), name="alert"),
]
