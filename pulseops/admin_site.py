"""The admin site: Django's own, with our pages inside it and a sidebar grouped by task."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _


class PulseOpsAdminSite(admin.AdminSite):
    site_header = site_title = "PulseOps"
    index_title = _("Overview")
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from apps.flags import pages as flag_pages

        ours = [path("p/<slug:project>/<slug:environment>/flags/", include(flag_pages.urlpatterns))]
        return [*ours, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: Mapping[str, Any] = super().each_context(request)
        return {**context}
