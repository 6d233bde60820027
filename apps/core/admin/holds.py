"""Guards and their verdicts, to look at: machines write them."""

from django.contrib import admin

from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.core.models import Hold


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("guard", "environment", "verdict", "reason", "valid_until", "changed_at")
    list_select_related = ("environment__project",)
    list_filter = ("verdict", EnvironmentFilter)
    search_fields = ("guard",)
    ordering = ("environment_id", "guard")
