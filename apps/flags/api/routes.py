"""Addresses of the flags, below /api/v1/."""

from django.urls import URLPattern, path, register_converter

from apps.core.api.routes import MANY, ONE, PROJECT, Actions, post
from apps.flags.api.evaluation import EvaluationViewSet
from apps.flags.api.flags import FlagViewSet
from apps.flags.api.members import MemberExportViewSet, MemberImportViewSet
from apps.flags.api.requests import ChangeRequestViewSet
from apps.flags.api.rollouts import ProjectRolloutViewSet, RolloutViewSet, TemplateViewSet
from apps.flags.api.schedules import ScheduledChangeViewSet
from apps.flags.api.segments import MemberViewSet, SegmentViewSet
from apps.flags.api.states import FlagStateViewSet, HistoryViewSet
from apps.flags.api.views import FlagKey

register_converter(FlagKey, "flag_key")

LIST: Actions = {"get": "list"}
FLAG = f"{PROJECT}flags/<flag_key:flag>/"
STATE = f"{FLAG}states/<slug:environment>/"
ROLLOUT = f"{STATE}rollouts/<int:rollout>/"
SEGMENT = f"{PROJECT}segments/<slug:segment>/"
REQUEST = f"{PROJECT}change-requests/<int:id>/"
SCHEDULE = f"{PROJECT}scheduled-changes/<int:id>/"
IN_ENVIRONMENT = f"{SEGMENT}members/<slug:environment>/"
MEMBERS: Actions = {"get": "retrieve", "put": "update"}

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}flags/", FlagViewSet.as_view(MANY), name="flag-list"),
    path(FLAG, FlagViewSet.as_view(ONE), name="flag"),
    path(f"{FLAG}archive/", FlagViewSet.as_view(post("archive")), name="flag-archive"),
    path(f"{FLAG}restore/", FlagViewSet.as_view(post("restore")), name="flag-restore"),
    path(f"{FLAG}usage/", FlagViewSet.as_view({"get": "usage"}), name="flag-usage"),
    path(f"{FLAG}states/", FlagStateViewSet.as_view(LIST), name="state-list"),
    path(STATE, FlagStateViewSet.as_view(ONE), name="state"),
    path(f"{STATE}kill/", FlagStateViewSet.as_view(post("kill")), name="state-kill"),
    path(f"{STATE}lift-kill/", FlagStateViewSet.as_view(post("lift_kill")), name="state-lift-kill"),
    path(f"{STATE}revert/", FlagStateViewSet.as_view(post("revert")), name="state-revert"),
    path(f"{STATE}history/", HistoryViewSet.as_view(LIST), name="state-history"),
    path(f"{STATE}explain/", FlagStateViewSet.as_view(post("explain")), name="state-explain"),
    path(f"{PROJECT}rollouts/", ProjectRolloutViewSet.as_view(LIST), name="project-rollout-list"),
    path(f"{PROJECT}rollout-templates/", TemplateViewSet.as_view(LIST), name="rollout-template-list"),
    path(f"{STATE}rollouts/", RolloutViewSet.as_view(MANY), name="rollout-list"),
    path(ROLLOUT, RolloutViewSet.as_view({"get": "retrieve"}), name="rollout"),
    path(f"{ROLLOUT}pause/", RolloutViewSet.as_view(post("pause")), name="rollout-pause"),
    path(f"{ROLLOUT}resume/", RolloutViewSet.as_view(post("resume")), name="rollout-resume"),
    path(f"{ROLLOUT}skip/", RolloutViewSet.as_view(post("skip")), name="rollout-skip"),
    path(f"{ROLLOUT}approve/", RolloutViewSet.as_view(post("approve")), name="rollout-approve"),
    path(f"{ROLLOUT}roll-back/", RolloutViewSet.as_view(post("roll_back")), name="rollout-roll-back"),
    path(f"{ROLLOUT}take-over/", RolloutViewSet.as_view(post("take_over")), name="rollout-take-over"),
    path(f"{PROJECT}segments/", SegmentViewSet.as_view(MANY), name="segment-list"),
    path(SEGMENT, SegmentViewSet.as_view(ONE), name="segment"),
    path(f"{PROJECT}change-requests/", ChangeRequestViewSet.as_view(MANY), name="request-list"),
    path(REQUEST, ChangeRequestViewSet.as_view({"get": "retrieve"}), name="request"),
    path(f"{REQUEST}approve/", ChangeRequestViewSet.as_view(post("approve")), name="request-approve"),
    path(f"{REQUEST}reject/", ChangeRequestViewSet.as_view(post("reject")), name="request-reject"),
    path(f"{REQUEST}withdraw/", ChangeRequestViewSet.as_view(post("withdraw")), name="request-withdraw"),
    path(f"{PROJECT}scheduled-changes/", ScheduledChangeViewSet.as_view(MANY), name="schedule-list"),
    path(SCHEDULE, ScheduledChangeViewSet.as_view({"get": "retrieve"}), name="schedule"),
    path(f"{SCHEDULE}cancel/", ScheduledChangeViewSet.as_view(post("cancel")), name="schedule-cancel"),
    path(IN_ENVIRONMENT, MemberViewSet.as_view(MEMBERS), name="segment-members"),
    path(f"{IN_ENVIRONMENT}import/", MemberImportViewSet.as_view(post("create")), name="segment-import"),
    path(f"{IN_ENVIRONMENT}export/", MemberExportViewSet.as_view({"get": "retrieve"}), name="segment-export"),
    path("evaluate/", EvaluationViewSet.as_view(post("create")), name="evaluate"),
]
