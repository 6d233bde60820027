"""The tables of alerting in the admin: rules, alerts and incidents lead to their own pages, the rest is only shown. A
channel's secret is not among what is shown."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.alerts.models import (
    Alert,
    AlertRule,
    Channel,
    Incident,
    IncidentUpdate,
    Notification,
    Response,
    Route,
    RuleStanding,
    Silence,
    StatusComponent,
    StatusPage,
    TrailCursor,
)
from apps.core import navigation
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "severity", "environment", "enabled")
    list_select_related = ("environment__project",)
    list_filter = ("severity", "enabled", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("key", "pk")

    def detail(self, request: HttpRequest, row: AlertRule) -> HttpResponse:
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:rule-detail", kwargs=scope.kwargs | {"key": row.key}))


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("name", "severity", "environment", "labels", "value", "fired_at", "resolved_at")
    list_select_related = ("environment__project",)
    list_filter = ("severity", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("-fired_at", "-pk")

    def detail(self, request: HttpRequest, row: Alert) -> HttpResponse:
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:alert-detail", kwargs=scope.kwargs | {"alert": row.pk}))


@admin.register(RuleStanding)
class RuleStandingAdmin(ReadOnlyAdmin):
    list_display = ("rule", "judged_at", "due_at", "error")
    list_select_related = ("rule",)
    ordering = ("due_at",)


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ("alert", "kind", "status", "told", "created_at", "settled_at")
    list_select_related = ("alert",)
    list_filter = ("status",)
    ordering = ("-pk",)


class AlertEnvironmentFilter(EnvironmentFilter):
    path = "alert__environment"


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "project", "kind", "enabled", "disabled_reason", "built_in")
    list_select_related = ("project",)
    list_filter = ("kind", "enabled")
    search_fields = ("key", "name")
    ordering = ("project_id", "key")
    shown = ("key", "name", "project", "kind", "config", "built_in", "enabled", "disabled_reason", "created_at")


@admin.register(Route)
class RouteAdmin(ReadOnlyAdmin):
    list_display = ("key", "project", "position", "matchers", "channels", "continues")
    list_select_related = ("project",)
    search_fields = ("key",)
    ordering = ("project_id", "position", "id")


@admin.register(Silence)
class SilenceAdmin(ReadOnlyAdmin):
    list_display = ("id", "project", "environment", "matchers", "starts_at", "ends_at", "ended_at", "author_label")
    list_select_related = ("project", "environment__project")
    list_filter = (EnvironmentFilter,)
    search_fields = ("reason", "author_label")
    ordering = ("-id",)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("kind", "alert", "channel", "status", "why", "error", "attempts", "created_at", "sent_at")
    list_select_related = ("alert", "channel")
    list_filter = ("status", "kind", "muted_by", AlertEnvironmentFilter)
    search_fields = ("why", "error", "channel__key")
    ordering = ("-id",)


def _incident(row: Incident) -> HttpResponse:
    scope = navigation.Scope(row.environment.project, row.environment)
    return HttpResponseRedirect(reverse("admin:incident-detail", kwargs=scope.kwargs | {"incident": row.pk}))


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("title", "severity", "status", "environment", "owner", "public", "opened_at", "resolved_at")
    list_select_related = ("environment__project", "owner")
    list_filter = ("severity", "status", EnvironmentFilter)
    search_fields = ("title",)
    ordering = ("-opened_at", "-pk")

    def detail(self, request: HttpRequest, row: Incident) -> HttpResponse:
        return _incident(row)


class IncidentEnvironmentFilter(EnvironmentFilter):
    path = "incident__environment"


@admin.register(IncidentUpdate)
class IncidentUpdateAdmin(ReadOnlyAdmin):
    list_display = ("incident", "status", "text", "public", "author_label", "at")
    list_select_related = ("incident__environment__project",)
    list_filter = ("public", IncidentEnvironmentFilter)
    ordering = ("-pk",)

    def detail(self, request: HttpRequest, row: IncidentUpdate) -> HttpResponse:
        return _incident(row.incident)


@admin.register(StatusPage)
class StatusPageAdmin(ReadOnlyAdmin):
    list_display = ("slug", "title", "environment", "published")
    list_select_related = ("environment__project",)
    ordering = ("slug",)

    def detail(self, request: HttpRequest, row: StatusPage) -> HttpResponse:
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:status-page", kwargs=scope.kwargs))


@admin.register(StatusComponent)
class StatusComponentAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "environment", "position", "state")
    list_select_related = ("environment__project",)
    list_filter = ("state", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("environment_id", "position", "pk")

    def detail(self, request: HttpRequest, row: StatusComponent) -> HttpResponse:
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:status-page", kwargs=scope.kwargs))


@admin.register(TrailCursor)
class TrailCursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "position")
    ordering = ("name",)
