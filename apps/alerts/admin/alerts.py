"""Rules, where they stand, alerts and responses, to look at."""

from django.contrib import admin

from apps.alerts.models import Alert, AlertRule, Response, RuleStanding
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin


class AlertEnvironmentFilter(EnvironmentFilter):
    path = "alert__environment"


class RuleEnvironmentFilter(EnvironmentFilter):
    path = "rule__environment"


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "environment", "severity", "enabled")
    list_select_related = ("environment__project",)
    list_filter = ("severity", "enabled", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("environment_id", "key")


@admin.register(RuleStanding)
class RuleStandingAdmin(ReadOnlyAdmin):
    list_display = ("rule", "judged_at", "due_at", "error")
    list_select_related = ("rule",)
    list_filter = (RuleEnvironmentFilter,)
    search_fields = ("rule__key", "error")
    ordering = ("due_at",)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("name", "environment", "severity", "kind", "fired_at", "resolved_at", "acknowledged_by_label")
    list_select_related = ("environment__project",)
    list_filter = ("severity", "kind", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("-id",)


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ("kind", "alert", "status", "dry_run", "told", "settled_at")
    list_select_related = ("alert",)
    list_filter = ("status", "dry_run", AlertEnvironmentFilter)
    search_fields = ("subject", "told")
    ordering = ("-id",)
