"""Monitoring's tables in the admin: only shown. Samples, events and results have a composite key, which it cannot show;
their pages are the explorer and the inspector."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.core import navigation
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.monitoring.models import DirtyMinute, HealthCheck, HealthDay, MetricRollup, MetricSeries, RefusedEvent


@admin.register(MetricSeries)
class MetricSeriesAdmin(ReadOnlyAdmin):
    list_display = ("name", "labels", "kind", "environment", "last_at")
    list_select_related = ("environment__project",)
    list_filter = ("kind", EnvironmentFilter)
    search_fields = ("name",)
    ordering = ("name", "pk")


@admin.register(MetricRollup)
class MetricRollupAdmin(ReadOnlyAdmin):
    list_display = ("series", "resolution", "start", "minimum", "maximum", "total", "count", "last")
    list_select_related = ("series",)
    list_filter = ("resolution",)
    ordering = ("-start", "-pk")


@admin.register(DirtyMinute)
class DirtyMinuteAdmin(ReadOnlyAdmin):
    list_display = ("series", "start")
    list_select_related = ("series",)
    ordering = ("start",)


@admin.register(RefusedEvent)
class RefusedEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "environment", "reason", "excerpt")
    list_select_related = ("environment__project",)
    list_filter = (EnvironmentFilter,)
    ordering = ("-at", "-pk")


@admin.register(HealthCheck)
class HealthCheckAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "kind", "environment", "settled", "last_reason", "due_at")
    list_select_related = ("environment__project",)
    list_filter = ("kind", EnvironmentFilter)
    search_fields = ("key", "name")
    ordering = ("key", "pk")

    def detail(self, request: HttpRequest, row: HealthCheck) -> HttpResponse:
        """An archived check has no page of its own any more."""
        if row.archived_at is not None:
            return super().detail(request, row)
        scope = navigation.Scope(row.environment.project, row.environment)
        return HttpResponseRedirect(reverse("admin:check-detail", kwargs=scope.kwargs | {"key": row.key}))


@admin.register(HealthDay)
class HealthDayAdmin(ReadOnlyAdmin):
    list_display = ("of", "day", "ok", "failed", "up_seconds", "down_seconds")
    list_select_related = ("of",)
    ordering = ("-day", "-pk")
