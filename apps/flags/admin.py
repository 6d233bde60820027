"""The flags' tables in the admin: flags and segments lead to their own pages, the rest is only shown."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.core import navigation, pages
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.core.models import Project
from apps.flags.models import (
    Flag,
    FlagActivity,
    FlagState,
    FlagStateVersion,
    FlagUsage,
    RolloutPlan,
    RolloutStage,
    Ruleset,
    ScheduledChange,
    Segment,
    SegmentMember,
    SegmentVersion,
    Variant,
)


class PagesAdmin(ReadOnlyAdmin):
    """Rows with pages of their own. Links that know only the row, such as the audit trail's, arrive here."""

    pages_name = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        scope = navigation.start(request, pages.scopes())
        if scope is None:
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(reverse(f"admin:{self.pages_name}-list", kwargs=scope.kwargs))

    def detail(self, request: HttpRequest, row: Any) -> HttpResponse:
        """In the environment last looked at, or the project's main one."""
        scope = navigation.start(request, [scope for scope in pages.scopes() if scope.project == self.project(row)])
        if scope is None:
            return super().detail(request, row)
        return HttpResponseRedirect(reverse(f"admin:{self.pages_name}-detail", kwargs=scope.kwargs | {"key": row.key}))

    def project(self, row: Any) -> Project:
        project: Project = row.project
        return project


@admin.register(Flag)
class FlagAdmin(PagesAdmin):
    pages_name = "flag"


@admin.register(Segment)
class SegmentAdmin(PagesAdmin):
    pages_name = "segment"


@admin.register(FlagState)
class FlagStateAdmin(ReadOnlyAdmin):
    list_display = ("flag", "environment", "status", "default_variant", "changed_at", "version")
    list_select_related = ("flag", "environment__project")
    list_filter = ("status", EnvironmentFilter)
    search_fields = ("flag__key",)
    ordering = ("-changed_at",)

    def detail(self, request: HttpRequest, row: FlagState) -> HttpResponse:
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:flag-detail", kwargs=scope.kwargs | {"key": row.flag.key}))


class StateEnvironmentFilter(EnvironmentFilter):
    path = "state__environment"


@admin.register(FlagStateVersion)
class FlagStateVersionAdmin(ReadOnlyAdmin):
    list_display = ("state", "number", "valid_from", "valid_to", "entry")
    list_select_related = ("state__flag", "state__environment", "entry")
    list_filter = (StateEnvironmentFilter,)
    search_fields = ("state__flag__key",)
    ordering = ("-id",)


@admin.register(ScheduledChange)
class ScheduledChangeAdmin(ReadOnlyAdmin):
    list_display = ("apply_at", "state", "status", "author_label", "reason", "note")
    list_select_related = ("state__flag", "state__environment")
    list_filter = ("status", StateEnvironmentFilter)
    search_fields = ("state__flag__key",)
    ordering = ("-id",)


@admin.register(FlagUsage)
class FlagUsageAdmin(ReadOnlyAdmin):
    list_display = ("hour", "flag", "environment", "variant", "count")
    list_select_related = ("flag", "environment__project")
    list_filter = (EnvironmentFilter,)
    search_fields = ("flag__key",)
    ordering = ("-id",)


@admin.register(FlagActivity)
class FlagActivityAdmin(ReadOnlyAdmin):
    list_display = ("state", "variant", "since", "last_served_at")
    list_select_related = ("state__flag", "state__environment")
    list_filter = (StateEnvironmentFilter,)
    search_fields = ("state__flag__key",)
    ordering = ("-state_id",)


@admin.register(RolloutPlan)
class RolloutPlanAdmin(ReadOnlyAdmin):
    list_display = ("state", "variant", "status", "position", "due_at", "started_by_label", "started_at", "ended_at")
    list_select_related = ("state__flag", "state__environment")
    list_filter = ("status", StateEnvironmentFilter)
    search_fields = ("state__flag__key",)
    ordering = ("-id",)


@admin.register(RolloutStage)
class RolloutStageAdmin(ReadOnlyAdmin):
    list_display = ("name", "plan", "position", "weight", "entered_at", "left_at", "approved_by_label")
    list_select_related = ("plan__state__flag", "plan__state__environment")
    search_fields = ("plan__state__flag__key",)
    ordering = ("-id",)


@admin.register(Ruleset)
class RulesetAdmin(ReadOnlyAdmin):
    list_display = ("environment", "version", "changed_at")
    list_select_related = ("environment__project",)
    ordering = ("environment_id",)


@admin.register(SegmentMember)
class SegmentMemberAdmin(ReadOnlyAdmin):
    list_display = ("targeting_key", "segment", "environment", "valid_from")
    list_select_related = ("segment", "environment__project")
    list_filter = (EnvironmentFilter,)
    search_fields = ("targeting_key",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SegmentMember]:
        """Those who are members now."""
        return super().get_queryset(request).filter(valid_to=None)


@admin.register(SegmentVersion)
class SegmentVersionAdmin(ReadOnlyAdmin):
    list_display = ("segment", "number", "valid_from", "valid_to")
    list_select_related = ("segment",)
    search_fields = ("segment__key",)
    ordering = ("-id",)


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    list_display = ("key", "flag", "value", "position")
    list_select_related = ("flag",)
    search_fields = ("flag__key",)
    ordering = ("flag_id", "position")
