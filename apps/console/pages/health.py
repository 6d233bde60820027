"""How the portal itself is."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.console.selectors import health
from apps.core.pages import Page


class Health(Page):
    title = _("Health")
    template_name = "console/health.html"
    permission = "core.view_project"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(parts=health.parts())
