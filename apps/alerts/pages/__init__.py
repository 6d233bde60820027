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
from apps.alerts.pages.deleting import DeleteRulePage
from apps.alerts.pages.incident_forms import AttachPage, DetachPage, EditIncidentPage, NewIncidentPage, ReviewPage
from apps.alerts.pages.incidents import IncidentPage, IncidentsPage, OwnPage, TakeOnPage, UpdatePage
from apps.alerts.pages.routes import DeleteRoutePage, MoveRoutePage, NewRoutePage, RoutePage, RoutesPage
from apps.alerts.pages.rule_editor import NewRulePage, RulePage
from apps.alerts.pages.rule_test import RuleTestPage
from apps.alerts.pages.rules import InstallPage, InstallRollbackPage, RulesPage
from apps.alerts.pages.silences import EndSilencePage, NewSilencePage, SilencesPage
from apps.alerts.pages.status import PreviewPage, SettingsPage, StatusPagePage
from apps.alerts.pages.status_components import ComponentPage, DeletePage, MovePage, NewComponentPage, StatePage
from apps.alerts.pages.undoing import UndoPage

urlpatterns = [
    path("alerts/", AlertsPage.as_view(), name="alert-list"),
    path("alerts/<int:alert>/", AlertPage.as_view(), name="alert-detail"),
    path("alerts/<int:alert>/acknowledge/", AcknowledgePage.as_view(), name="alert-acknowledge"),
    path("alerts/<int:alert>/responses/<int:response_id>/undo/", UndoPage.as_view(), name="alert-undo"),
    path("channels/", ChannelsPage.as_view(), name="channel-list"),
    path("new-channel/", NewChannelPage.as_view(), name="channel-new"),
    path("channels/<slug:key>/", ChannelPage.as_view(), name="channel-detail"),
    path("channels/<slug:key>/test/", TestPage.as_view(), name="channel-test"),
    path("channels/<slug:key>/secret/", SecretPage.as_view(), name="channel-secret"),
    path("deliveries/", DeliveriesPage.as_view(), name="channel-deliveries"),
    path("incidents/", IncidentsPage.as_view(), name="incident-list"),
    path("incidents/new/", NewIncidentPage.as_view(), name="incident-new"),
    path("incidents/<int:incident>/", IncidentPage.as_view(), name="incident-detail"),
    path("incidents/<int:incident>/edit/", EditIncidentPage.as_view(), name="incident-edit"),
    path("incidents/<int:incident>/update/", UpdatePage.as_view(), name="incident-update"),
    path("incidents/<int:incident>/acknowledge/", TakeOnPage.as_view(), name="incident-acknowledge"),
    path("incidents/<int:incident>/own/", OwnPage.as_view(), name="incident-own"),
    path("incidents/<int:incident>/attach/", AttachPage.as_view(), name="incident-attach"),
    path("incidents/<int:incident>/alerts/<int:alert>/detach/", DetachPage.as_view(), name="incident-detach"),
    path("incidents/<int:incident>/review.md", ReviewPage.as_view(), name="incident-review"),
    path("routes/", RoutesPage.as_view(), name="channel-routes"),
    path("new-route/", NewRoutePage.as_view(), name="channel-route-new"),
    path("routes/<slug:key>/", RoutePage.as_view(), name="channel-route"),
    path("routes/<slug:key>/move/", MoveRoutePage.as_view(), name="channel-route-move"),
    path("routes/<slug:key>/delete/", DeleteRoutePage.as_view(), name="channel-route-delete"),
    path("silences/", SilencesPage.as_view(), name="silence-list"),
    path("silences/new/", NewSilencePage.as_view(), name="silence-new"),
    path("silences/<int:silence>/end/", EndSilencePage.as_view(), name="silence-end"),
    path("status/", StatusPagePage.as_view(), name="status-page"),
    path("status/settings/", SettingsPage.as_view(), name="status-settings"),
    path("status/preview/", PreviewPage.as_view(), name="status-preview"),
    path("status/new-component/", NewComponentPage.as_view(), name="status-component-new"),
    path("status/components/<slug:key>/", ComponentPage.as_view(), name="status-component"),
    path("status/components/<slug:key>/state/", StatePage.as_view(), name="status-component-state"),
    path("status/components/<slug:key>/move/", MovePage.as_view(), name="status-component-move"),
    path("status/components/<slug:key>/delete/", DeletePage.as_view(), name="status-component-delete"),
    path("rules/", RulesPage.as_view(), name="rule-list"),
    path("rules/starter/", InstallPage.as_view(), name="rule-starter"),
    path("rules/starter/rollback/", InstallRollbackPage.as_view(), name="rule-starter-rollback"),
    path("rules/new/", NewRulePage.as_view(), name="rule-new"),
    path("rules/<slug:key>/", RulePage.as_view(), name="rule-detail"),
    path("rules/<slug:key>/delete/", DeleteRulePage.as_view(), name="rule-delete"),
    path("rules/<slug:key>/test/", RuleTestPage.as_view(), name="rule-test"),
]
