"""The audit trail of a project as a stream, newest first."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.core import navigation, selectors
from apps.core.models import AuditEntry
from apps.core.pages import ScopedPage

PAGE_ENTRIES = 30


class Timeline(ScopedPage):
    title = _("Timeline")
    template_name = "console/timeline.html"
    permission = "core.view_auditentry"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET.get(name, "").strip() for name in ("kind", "actor", "subject")}
        found = selectors.trail(project=self.project, before=_cursor(request.GET.get("before", "")), **asked)
        entries = list(found[: PAGE_ENTRIES + 1])
        more = entries[PAGE_ENTRIES:] and _text(entries[PAGE_ENTRIES - 1])
        return self.render(entries=entries[:PAGE_ENTRIES], more=more, asked=asked, kinds=navigation.kinds())


def _text(entry: AuditEntry) -> str:
    return f"{entry.at.timestamp():.6f}-{entry.pk}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    """A cursor that somebody mangled starts at the top."""
    at, _dash, last = text.rpartition("-")
    try:
        return datetime.fromtimestamp(float(at), UTC), int(last)
    except (ValueError, OverflowError, OSError):
        return None
