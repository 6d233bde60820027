"""The pages about flags, below `admin/p/<project>/<environment>/`. Each POST is one service call."""

from django.urls import path

from apps.flags.pages.changes import RolloutPage, TogglePage
from apps.flags.pages.detail import DetailPage, PreviewPage
from apps.flags.pages.editing import CreatePage, EditPage
from apps.flags.pages.kills import KillPage, LiftKillPage
from apps.flags.pages.listing import ListPage
from apps.flags.pages.members import ExportPage, ImportPage
from apps.flags.pages.reverts import RevertPage, VersionPage
from apps.flags.pages.rules import RulesPage, RulesPreviewPage
from apps.flags.pages.segment_rule import SegmentRulePage, SegmentRulePreviewPage
from apps.flags.pages.segments import NewSegmentPage, SegmentPage, SegmentsPage

urlpatterns = [
    path("flags/", ListPage.as_view(), name="flag-list"),
    path("flags/new/", CreatePage.as_view(), name="flag-create"),
    path("flags/<str:key>/", DetailPage.as_view(), name="flag-detail"),
    path("flags/<str:key>/edit/", EditPage.as_view(), name="flag-edit"),
    path("flags/<str:key>/preview/", PreviewPage.as_view(), name="flag-preview"),
    path("flags/<str:key>/toggle/", TogglePage.as_view(), name="flag-toggle"),
    path("flags/<str:key>/rollout/", RolloutPage.as_view(), name="flag-rollout"),
    path("flags/<str:key>/rules/", RulesPage.as_view(), name="flag-rules"),
    path("flags/<str:key>/rules/preview/", RulesPreviewPage.as_view(), name="flag-rules-preview"),
    path("flags/<str:key>/kill/", KillPage.as_view(), name="flag-kill"),
    path("flags/<str:key>/lift-kill/", LiftKillPage.as_view(), name="flag-lift-kill"),
    path("flags/<str:key>/versions/<int:number>/", VersionPage.as_view(), name="flag-version"),
    path("flags/<str:key>/versions/<int:number>/revert/", RevertPage.as_view(), name="flag-revert"),
    path("segments/", SegmentsPage.as_view(), name="segment-list"),
    path("segments/new/", NewSegmentPage.as_view(), name="segment-create"),
    path("segments/<str:key>/", SegmentPage.as_view(), name="segment-detail"),
    path("segments/<str:key>/rule/", SegmentRulePage.as_view(), name="segment-rule"),
    path("segments/<str:key>/rule/preview/", SegmentRulePreviewPage.as_view(), name="segment-rule-preview"),
    path("segments/<str:key>/import/", ImportPage.as_view(), name="segment-import"),
    path("segments/<str:key>/members.csv", ExportPage.as_view(), name="segment-export"),
]
