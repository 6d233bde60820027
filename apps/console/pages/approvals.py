"""All change requests of a project, whichever app applies them. Each is decided on a page of its own."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.core import approvals, navigation, selectors
from apps.core.models import ChangeRequest
from apps.core.pages import ScopedPage

PAGE_REQUESTS = 30


@dataclass(frozen=True, slots=True)
class Row:
    request: ChangeRequest
    url: str

    @property
    def words(self) -> str:
        """The kind, as in "members change"."""
        return self.request.kind.partition(".")[2].replace("_", " ")

    @property
    def given(self) -> int:
        return sum(vote.approves for vote in self.request.votes.all())

    @property
    def needed(self) -> int:
        return max(approvals.needed(self.request), 1)


class Approvals(ScopedPage):
    title = _("Approvals")
    template_name = "console/approvals.html"
    permission = "core.view_changerequest"

    def get(self, request: HttpRequest) -> HttpResponse:
        closed, before = request.GET.get("status") == "closed", request.GET.get("before", "")
        every = selectors.change_requests(self.project)
        pending = every.filter(status=ChangeRequest.Status.PENDING)
        wanted = every.exclude(status=ChangeRequest.Status.PENDING) if closed else pending
        if before.isdecimal() and before.isascii():
            wanted = wanted.filter(pk__lt=int(before[:18]))
        found = list(wanted[: PAGE_REQUESTS + 1])
        shown = found[:PAGE_REQUESTS]
        return self.render(
            rows=[Row(row, navigation.request_url(row, self.scope)) for row in shown],
            more=shown[-1].pk if len(found) > PAGE_REQUESTS else None,
            closed=closed,
            open_count=pending.count(),
        )
