"""Monitoring's tables in the admin: only shown. Samples and events have a composite key, which the admin cannot show;
their pages are the explorer and the inspector."""

from django.contrib import admin

from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.monitoring.models import DirtyMinute, MetricRollup, MetricSeries, RefusedEvent


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
