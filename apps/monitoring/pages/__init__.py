"""The pages about what is observed, below `admin/p/<project>/<environment>/`."""

from django.urls import path

from apps.monitoring.pages.check_editor import EditCheckPage, NewCheckPage
from apps.monitoring.pages.checks import CheckPage, ChecksPage, DeedPage
from apps.monitoring.pages.events import EventsPage
from apps.monitoring.pages.metrics import MetricsPage

urlpatterns = [
    path("metrics/", MetricsPage.as_view(), name="metric-list"),
    path("events/", EventsPage.as_view(), name="event-list"),
    path("checks/", ChecksPage.as_view(), name="check-list"),
    path("checks/new/", NewCheckPage.as_view(), name="check-new"),
    path("checks/<slug:key>/", CheckPage.as_view(), name="check-detail"),
    path("checks/<slug:key>/edit/", EditCheckPage.as_view(), name="check-edit"),
    path("checks/<slug:key>/pause/", DeedPage.as_view(deed="pause"), name="check-pause"),
    path("checks/<slug:key>/resume/", DeedPage.as_view(deed="resume"), name="check-resume"),
    path("checks/<slug:key>/run/", DeedPage.as_view(deed="run"), name="check-run"),
    path("checks/<slug:key>/archive/", DeedPage.as_view(deed="archive"), name="check-archive"),
    path("checks/<slug:key>/new-ping-address/", DeedPage.as_view(deed="renew"), name="check-renew"),
]
