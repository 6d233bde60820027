"""Addresses of the floor, below /api/v1/."""

from typing import Any

from django.urls import URLPattern, path

from apps.core.api.docs import DocsView, SchemaView
from apps.core.api.guards import GuardViewSet
from apps.core.api.keys import KeyViewSet
from apps.core.api.projects import EnvironmentViewSet, ProjectViewSet
from apps.core.api.trail import AuditViewSet

PROJECT = "projects/<slug:project>/"
GUARDS = f"{PROJECT}environments/<slug:environment>/guards/"
Actions = dict[str, Any]  # HTTP method -> the viewset's method
MANY: Actions = {"get": "list", "post": "create"}
ONE: Actions = {"get": "retrieve", "patch": "partial_update"}


def post(action: str) -> Actions:
    return {"post": action}


urlpatterns: list[URLPattern] = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    path("projects/", ProjectViewSet.as_view(MANY), name="project-list"),
    path(PROJECT, ProjectViewSet.as_view(ONE), name="project"),
    path(f"{PROJECT}environments/", EnvironmentViewSet.as_view(MANY), name="environment-list"),
    path(f"{PROJECT}environments/<slug:environment>/", EnvironmentViewSet.as_view(ONE), name="environment"),
    path(GUARDS, GuardViewSet.as_view({"get": "list"}), name="guard-list"),
    path(f"{GUARDS}<slug:guard>/", GuardViewSet.as_view({"get": "retrieve", "put": "update"}), name="guard"),
    path(f"{PROJECT}keys/", KeyViewSet.as_view(MANY), name="key-list"),
    path(f"{PROJECT}keys/<int:id>/", KeyViewSet.as_view({"get": "retrieve"}), name="key"),
    path(f"{PROJECT}keys/<int:id>/rotate/", KeyViewSet.as_view(post("rotate")), name="key-rotate"),
    path(f"{PROJECT}keys/<int:id>/revoke/", KeyViewSet.as_view(post("revoke")), name="key-revoke"),
    path(f"{PROJECT}audit/", AuditViewSet.as_view({"get": "list"}), name="audit-list"),
]
