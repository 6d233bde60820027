"""Changes that are edited in rows: the editor, the review of what the rows say, and the change itself."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.core.navigation import Label
from apps.flags import selectors
from apps.flags.domain.engine.definitions import Flag
from apps.flags.domain.engine.validation import validate_flag
from apps.flags.domain.transitions import Change
from apps.flags.forms import Overrides, Prerequisites, ReviewForm
from apps.flags.pages import previews
from apps.flags.pages.base import UNPROCESSABLE, Refusal
from apps.flags.pages.changes import ReviewPage


class RowsPage(ReviewPage):
    """A subclass says which part of the flag its rows are."""

    template_name = "flags/review.html"
    shows_crowds = False
    address = ""  # the name of the editor's URL
    heading: Label = ""  # of the editor and of the review, with the names of flag and environment

    def rows(self, data: Any = None, initial: Any = None) -> Any:
        """The editor's rows: as sent, as given, or as they are now."""
        raise NotImplementedError

    def change(self, read: Any) -> Change:
        raise NotImplementedError

    def notes(self, read: Any) -> Sequence[str]:
        """What the review says beside the difference."""
        return ()

    def editor(self) -> dict[str, Any]:
        """What the editor's template needs beside the rows."""
        return {}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.edit(self.rows()) if self.served else self.to_detail()

    def post(self, request: HttpRequest) -> HttpResponse:
        served = self.served
        if served is None:
            return self.to_detail()
        rows = self.rows(request.POST)
        read = rows.read()
        if read is None or not self._can_be_served(rows, previews.changed(served, self.change(read))):
            return self.edit(rows, status=UNPROCESSABLE)
        if "edit" in request.POST:
            return self.edit(self.rows(initial=read))
        return self.answer(read)

    def answer(self, read: Any) -> HttpResponse:
        """The review of these rows; with `confirmed`, the change."""
        data = self.request.POST
        if "confirmed" not in data:
            seen = data.get("version", "")
            refusal = self.stale(int(seen) if seen.isdecimal() else 0)
            form = ReviewForm(reason_required=self.protected, initial=self.standing)
            return self.ask(read, form, refusal)
        form = ReviewForm(data, reason_required=self.protected)
        if not form.is_valid():
            return self.ask(read, form)
        refusal = self.carry_out(form, self.change(read))
        return self.ask(read, form, refusal) if refusal else self.leave()

    def ask(self, read: Any, form: ReviewForm, refusal: Refusal | None = None) -> HttpResponse:
        served, rows = self.served, self.rows(initial=read)
        address = self.url(self.address, key=self.flag.key)
        return self.review(
            form,
            previews.changed(served, self.change(read)) if served else None,
            refusal,
            title=self.headline,
            button=_("Apply to %(environment)s") % {"environment": self.environment.name},
            carried=rows.carried(rows.rows_of(read)),
            editor=address,
            notes=self.notes(read),
        )

    def edit(self, rows: Overrides | Prerequisites, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
        return self.render(
            "flags/rows.html",
            status=refusal.status if refusal else status,
            title=self.headline,
            rows=rows,
            refusal=refusal,
            version=self.request.POST.get("version") or self.state.version,
            editor=self.url(self.address, key=self.flag.key),
            **self.editor(),
        )

    @property
    def headline(self) -> str:
        return str(self.heading) % {"flag": self.flag.key, "environment": self.environment.name}

    def _can_be_served(self, rows: Overrides | Prerequisites, after: Flag) -> bool:
        """Better told at the rows than by the service after the review."""
        for path, message in validate_flag(after) or selectors.prerequisite_problems(self.state, after):
            rows.add_fault(path, message)
        return not rows.at_fault
