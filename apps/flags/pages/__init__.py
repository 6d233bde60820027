"""The pages about flags, below `admin/p/<project>/<environment>/`. Each POST is one service call."""

from django.urls import path

from apps.flags.pages.archiving import ArchivePage, RestorePage
from apps.flags.pages.changes import RolloutPage, TogglePage
from apps.flags.pages.detail import DetailPage, PreviewPage
from apps.flags.pages.editing import CreatePage, EditPage
from apps.flags.pages.explaining import ExplainPage
from apps.flags.pages.individuals import AddOverridePage, OverridesPage, RemoveExpiredPage
from apps.flags.pages.kills import KillPage, LiftKillPage
from apps.flags.pages.listing import ListPage
from apps.flags.pages.members import ExportPage, ImportPage
from apps.flags.pages.requests import RequestPage
from apps.flags.pages.reverts import RevertPage, VersionPage
from apps.flags.pages.rollouts import RolloutsPage, StartPage
from apps.flags.pages.rules import RulesPage, RulesPreviewPage
from apps.flags.pages.schedules import CancelSchedulePage, ScheduleAgainPage
from apps.flags.pages.segment_rule import SegmentRulePage, SegmentRulePreviewPage
from apps.flags.pages.segments import NewSegmentPage, SegmentPage, SegmentsPage
from apps.flags.pages.steering import ApprovePage, PausePage, ResumePage, RollBackPage, SkipPage, TakeOverPage
from apps.flags.pages.waits import PrerequisitesPage

urlpatterns = [
    path("flags/", ListPage.as_view(), name="flag-list"),
    path("flags/new/", CreatePage.as_view(), name="flag-create"),
    path("flags/<str:key>/", DetailPage.as_view(), name="flag-detail"),
    path("flags/<str:key>/edit/", EditPage.as_view(), name="flag-edit"),
    path("flags/<str:key>/archive/", ArchivePage.as_view(), name="flag-archive"),
    path("flags/<str:key>/restore/", RestorePage.as_view(), name="flag-restore"),
    path("flags/<str:key>/preview/", PreviewPage.as_view(), name="flag-preview"),
    path("flags/<str:key>/explain/", ExplainPage.as_view(), name="flag-explain"),
    path("flags/<str:key>/toggle/", TogglePage.as_view(), name="flag-toggle"),
    path("flags/<str:key>/rollout/", RolloutPage.as_view(), name="flag-rollout"),
    path("flags/<str:key>/overrides/", OverridesPage.as_view(), name="flag-overrides"),
    path("flags/<str:key>/overrides/add/", AddOverridePage.as_view(), name="flag-override-add"),
    path("flags/<str:key>/overrides/remove-expired/", RemoveExpiredPage.as_view(), name="flag-overrides-expired"),
    path("flags/<str:key>/prerequisites/", PrerequisitesPage.as_view(), name="flag-prerequisites"),
    path("flags/<str:key>/rules/", RulesPage.as_view(), name="flag-rules"),
    path("flags/<str:key>/rules/preview/", RulesPreviewPage.as_view(), name="flag-rules-preview"),
    path("flags/<str:key>/kill/", KillPage.as_view(), name="flag-kill"),
    path("flags/<str:key>/lift-kill/", LiftKillPage.as_view(), name="flag-lift-kill"),
    path("flags/<str:key>/versions/<int:number>/", VersionPage.as_view(), name="flag-version"),
    path("flags/<str:key>/versions/<int:number>/revert/", RevertPage.as_view(), name="flag-revert"),
    path("flags/<str:key>/schedules/<int:id>/cancel/", CancelSchedulePage.as_view(), name="flag-schedule-cancel"),
    path("flags/<str:key>/schedules/<int:id>/again/", ScheduleAgainPage.as_view(), name="flag-schedule-again"),
    path("approvals/flags/<int:id>/", RequestPage.as_view(), name="approval-flags"),
    path("flags/<str:key>/rollouts/new/", StartPage.as_view(), name="flag-rollout-start"),
    path("flags/<str:key>/rollouts/<int:rollout>/pause/", PausePage.as_view(), name="flag-rollout-pause"),
    path("flags/<str:key>/rollouts/<int:rollout>/resume/", ResumePage.as_view(), name="flag-rollout-resume"),
    path("flags/<str:key>/rollouts/<int:rollout>/skip/", SkipPage.as_view(), name="flag-rollout-skip"),
    path("flags/<str:key>/rollouts/<int:rollout>/approve/", ApprovePage.as_view(), name="flag-rollout-approve"),
    path("flags/<str:key>/rollouts/<int:rollout>/roll-back/", RollBackPage.as_view(), name="flag-rollout-roll-back"),
    path("flags/<str:key>/rollouts/<int:rollout>/take-over/", TakeOverPage.as_view(), name="flag-rollout-take-over"),
    path("rollouts/", RolloutsPage.as_view(), name="rollout-list"),
    path("segments/", SegmentsPage.as_view(), name="segment-list"),
    path("segments/new/", NewSegmentPage.as_view(), name="segment-create"),
    path("segments/<str:key>/", SegmentPage.as_view(), name="segment-detail"),
    path("segments/<str:key>/rule/", SegmentRulePage.as_view(), name="segment-rule"),
    path("segments/<str:key>/rule/preview/", SegmentRulePreviewPage.as_view(), name="segment-rule-preview"),
    path("segments/<str:key>/import/", ImportPage.as_view(), name="segment-import"),
    path("segments/<str:key>/members.csv", ExportPage.as_view(), name="segment-export"),
]
