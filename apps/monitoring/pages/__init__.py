"""The pages about what is observed, below `admin/p/<project>/<environment>/`."""

from django.urls import path

from apps.monitoring.pages.events import EventsPage
from apps.monitoring.pages.metrics import MetricsPage

urlpatterns = [
    path("metrics/", MetricsPage.as_view(), name="metric-list"),
    path("events/", EventsPage.as_view(), name="event-list"),
]
