"""The pages about alerts and their rules, below `admin/p/<project>/<environment>/`."""

from django.urls import path

from apps.alerts.pages.acknowledging import AcknowledgePage
from apps.alerts.pages.alerts import AlertPage, AlertsPage
from apps.alerts.pages.rules import InstallPage, NewRulePage, RulePage, RulesPage

urlpatterns = [
    path("alerts/", AlertsPage.as_view(), name="alert-list"),
    path("alerts/<int:alert>/", AlertPage.as_view(), name="alert-detail"),
    path("alerts/<int:alert>/acknowledge/", AcknowledgePage.as_view(), name="alert-acknowledge"),
    path("rules/", RulesPage.as_view(), name="rule-list"),
    path("rules/starter/", InstallPage.as_view(), name="rule-starter"),
    path("rules/new/", NewRulePage.as_view(), name="rule-new"),
    path("rules/<slug:key>/", RulePage.as_view(), name="rule-detail"),
]
