"""Channels, routes, silences and the delivery log, to look at. A channel's secret is not among what is shown."""

from django.contrib import admin

from apps.alerts.admin.alerts import AlertEnvironmentFilter
from apps.alerts.models import Channel, Notification, Route, Silence
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin


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
