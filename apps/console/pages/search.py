"""What Ctrl-K asks: pages and flags by a few letters, only those that this person may open."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import navigation
from apps.core.navigation import Scope
from apps.core.pages import Page, find_scope
from apps.flags import selectors as flags

MOST_FLAGS = 8


class Search(Page):
    def get(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "").strip().lower()[:100]
        scope = _scope(request)
        found = [*_pages(request, scope, words), *(_flags(request, scope, words) if scope and words else ())]
        return JsonResponse({"results": found})


def _scope(request: HttpRequest) -> Scope | None:
    try:
        return find_scope(request.GET.get("project", ""), request.GET.get("environment", ""))
    except Http404:
        return None


def _pages(request: HttpRequest, scope: Scope | None, words: str) -> Iterator[dict[str, str]]:
    for entry in navigation.allowed(request, scope):
        if words in str(entry.label).lower():
            yield {"label": str(entry.label), "url": navigation.address(entry, scope), "note": str(entry.group)}


def _flags(request: HttpRequest, scope: Scope, words: str) -> Iterator[dict[str, str]]:
    if not request.user.has_perm("flags.view_flag"):
        return
    for flag in flags.flags(scope.project, search=words)[:MOST_FLAGS]:
        url = reverse("admin:flag-detail", kwargs=scope.kwargs | {"key": flag.key})
        yield {"label": flag.key, "url": url, "note": _("Flag: %(name)s") % {"name": flag.name}}
