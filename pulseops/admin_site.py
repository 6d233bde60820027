"""The admin site: Django's own, with our pages inside it and a sidebar grouped by task."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _


class PulseOpsAdminSite(admin.AdminSite):
    site_header = site_title = "PulseOps"
    index_title = _("Overview")
    site_url = None
    enable_nav_sidebar = False  # Django's own; ours is in templates/components

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from apps.alerts import pages as alert_pages
        from apps.console import pages as console_pages
        from apps.deployments import pages as deployment_pages
        from apps.flags import pages as flag_pages
        from apps.monitoring import pages as monitoring_pages

        ours: list[URLPattern | URLResolver] = [
            path("p/<slug:project>/<slug:environment>/", include(console_pages.scoped_urlpatterns)),
            path("p/<slug:project>/<slug:environment>/", include(flag_pages.urlpatterns)),
            path("p/<slug:project>/<slug:environment>/", include(alert_pages.urlpatterns)),
            path("p/<slug:project>/<slug:environment>/", include(deployment_pages.urlpatterns)),
            path("p/<slug:project>/<slug:environment>/", include(monitoring_pages.urlpatterns)),
            *console_pages.urlpatterns,
        ]
        return [*ours, *super().get_urls()]

    def password_change(  # type: ignore[override]  # the stubs forget that it redirects
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        from apps.core.admin.people import OwnPasswordPage

        return OwnPasswordPage.as_view(extra_context=self.each_context(request))(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from apps.core.pages import frame

        inside = self.has_permission(request)
        return {**super().each_context(request), **(frame(request) if inside else {})}
