"""The pages about alerts, their rules and who is told, below `admin/p/<project>/<environment>/`."""

from django.urls import path

from apps.alerts.pages.acknowledging import AcknowledgePage
from apps.alerts.pages.alerts import AlertPage, AlertsPage
from apps.alerts.pages.channels import (
    ChannelPage,
    ChannelsPage,
    DeliveriesPage,
    NewChannelPage,
    SecretPage,
    TestPage,
)
from apps.alerts.pages.routes import DeleteRoutePage, MoveRoutePage, NewRoutePage, RoutePage, RoutesPage
from apps.alerts.pages.rule_editor import NewRulePage, RulePage
from apps.alerts.pages.rule_test import RuleTestPage
from apps.alerts.pages.rules import InstallPage, RulesPage
from apps.alerts.pages.silences import EndSilencePage, NewSilencePage, SilencesPage

urlpatterns = [
    path("alerts/", AlertsPage.as_view(), name="alert-list"),
    path("alerts/<int:alert>/", AlertPage.as_view(), name="alert-detail"),
    path("alerts/<int:alert>/acknowledge/", AcknowledgePage.as_view(), name="alert-acknowledge"),
    path("channels/", ChannelsPage.as_view(), name="channel-list"),
    path("new-channel/", NewChannelPage.as_view(), name="channel-new"),
    path("channels/<slug:key>/", ChannelPage.as_view(), name="channel-detail"),
    path("channels/<slug:key>/test/", TestPage.as_view(), name="channel-test"),
    path("channels/<slug:key>/secret/", SecretPage.as_view(), name="channel-secret"),
    path("deliveries/", DeliveriesPage.as_view(), name="channel-deliveries"),
    path("routes/", RoutesPage.as_view(), name="channel-routes"),
    path("new-route/", NewRoutePage.as_view(), name="channel-route-new"),
    path("routes/<slug:key>/", RoutePage.as_view(), name="channel-route"),
    path("routes/<slug:key>/move/", MoveRoutePage.as_view(), name="channel-route-move"),
    path("routes/<slug:key>/delete/", DeleteRoutePage.as_view(), name="channel-route-delete"),
    path("silences/", SilencesPage.as_view(), name="silence-list"),
    path("silences/new/", NewSilencePage.as_view(), name="silence-new"),
    path("silences/<int:silence>/end/", EndSilencePage.as_view(), name="silence-end"),
    path("rules/", RulesPage.as_view(), name="rule-list"),
    path("rules/starter/", InstallPage.as_view(), name="rule-starter"),
    path("rules/new/", NewRulePage.as_view(), name="rule-new"),
    path("rules/<slug:key>/", RulePage.as_view(), name="rule-detail"),
    path("rules/<slug:key>/test/", RuleTestPage.as_view(), name="rule-test"),
]
