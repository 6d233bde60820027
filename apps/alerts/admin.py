"""The tables of alerting in the admin: rules and alerts lead to their own pages, the rest is only shown."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.alerts.models import Alert, AlertRule, Response, RuleStanding
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
