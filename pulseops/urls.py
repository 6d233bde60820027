"""Every address of the WSGI side. What asgi.py answers by itself is not here: OFREP, ingest, pings."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.alerts.pages.acknowledging import LinkPage
from apps.core import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("acknowledge/<str:token>/", LinkPage.as_view(), name="acknowledge"),
    path("api/", include("pulseops.api")),
    path("admin/", admin.site.urls),
]
