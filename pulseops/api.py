"""The REST API: each app's routes under one version, and an answer for every address that leads nowhere."""

from django.urls import include, path, re_path

from apps.core.api.views import nothing_here

urlpatterns = [
    path("v1/", include("apps.core.api.routes")),
    path("v1/", include("apps.monitoring.api.routes")),
    path("v1/", include("apps.flags.api.routes")),
    path("v1/", include("apps.deployments.api.routes")),
    path("v1/", include("apps.alerts.api.routes")),
    re_path(r"", nothing_here, name="api-nothing-here"),
]
