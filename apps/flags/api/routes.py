"""Addresses of the flags, below /api/v1/."""

from django.urls import URLPattern, path, register_converter

from apps.core.api.routes import MANY, ONE, PROJECT, Actions, post
from apps.flags.api.evaluation import EvaluationViewSet
from apps.flags.api.flags import FlagViewSet
from apps.flags.api.members import MemberExportViewSet, MemberImportViewSet
from apps.flags.api.segments import MemberViewSet, SegmentViewSet
from apps.flags.api.states import FlagStateViewSet, HistoryViewSet
from apps.flags.api.views import FlagKey

register_converter(FlagKey, "flag_key")

LIST: Actions = {"get": "list"}
FLAG = f"{PROJECT}flags/<flag_key:flag>/"
STATE = f"{FLAG}states/<slug:environment>/"
SEGMENT = f"{PROJECT}segments/<slug:segment>/"
IN_ENVIRONMENT = f"{SEGMENT}members/<slug:environment>/"
MEMBERS: Actions = {"get": "retrieve", "put": "update"}

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}flags/", FlagViewSet.as_view(MANY), name="flag-list"),
    path(FLAG, FlagViewSet.as_view(ONE), name="flag"),
    path(f"{FLAG}usage/", FlagViewSet.as_view({"get": "usage"}), name="flag-usage"),
    path(f"{FLAG}states/", FlagStateViewSet.as_view(LIST), name="state-list"),
    path(STATE, FlagStateViewSet.as_view(ONE), name="state"),
    path(f"{STATE}kill/", FlagStateViewSet.as_view(post("kill")), name="state-kill"),
    path(f"{STATE}lift-kill/", FlagStateViewSet.as_view(post("lift_kill")), name="state-lift-kill"),
    path(f"{STATE}revert/", FlagStateViewSet.as_view(post("revert")), name="state-revert"),
    path(f"{STATE}history/", HistoryViewSet.as_view(LIST), name="state-history"),
    path(f"{STATE}explain/", FlagStateViewSet.as_view(post("explain")), name="state-explain"),
    path(f"{PROJECT}segments/", SegmentViewSet.as_view(MANY), name="segment-list"),
    path(SEGMENT, SegmentViewSet.as_view(ONE), name="segment"),
    path(IN_ENVIRONMENT, MemberViewSet.as_view(MEMBERS), name="segment-members"),
    path(f"{IN_ENVIRONMENT}import/", MemberImportViewSet.as_view(post("create")), name="segment-import"),
    path(f"{IN_ENVIRONMENT}export/", MemberExportViewSet.as_view({"get": "retrieve"}), name="segment-export"),
    path("evaluate/", EvaluationViewSet.as_view(post("create")), name="evaluate"),
]
