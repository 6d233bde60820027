"""What single users get whatever the rules say: the editor, one user more, and the expired ones gone."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.flags.domain.engine.definitions import Override
from apps.flags.domain.individuals import with_user, without_expired
from apps.flags.domain.transitions import Change
from apps.flags.forms import Overrides, ReviewForm
from apps.flags.pages.base import UNPROCESSABLE, Refusal
from apps.flags.pages.detail import FlagDetail
from apps.flags.pages.rows import RowsPage
from apps.flags.pages.sections import quick_form


class OverridesPage(RowsPage):
    address = "flag-overrides"
    heading = gettext_lazy("Individual users of %(flag)s in %(environment)s")

    @property
    def present(self) -> tuple[Override, ...]:
        return self.served.overrides if self.served else ()

    def rows(self, data: Any = None, initial: Any = None) -> Overrides:
        keys = [variant.key for variant in self.served.variants] if self.served else []
        if data is not None:
            return Overrides(data, variants=keys)  # what was sent says all: a row like the present one is no empty row
        return Overrides(variants=keys, initial=self.present if initial is None else initial)

    def change(self, read: tuple[Override, ...]) -> Change:
        return Change(overrides=read)

    def editor(self) -> dict[str, Any]:
        return {
            "row_label": _("Override"),
            "add_label": _("Add an override"),
            "explained": _(
                "These users get their variant whatever the rules say, while the flag is on and what it waits for is "
                "met. Empty a row to remove it."
            ),
        }


class AddOverridePage(OverridesPage, FlagDetail):
    """One user more, reviewed like any other change."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.to_detail()

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.served is None:
            return self.to_detail()
        quick = quick_form(self, self.served, request.POST)
        if not quick.is_valid():
            self.quick = quick
            return self.show(self.serving_form(), status=UNPROCESSABLE)
        given = quick.cleaned_data
        refusal = self.stale(given["version"])
        after = with_user(self.present, given["user"], given["variant"], quick.expires_at(self.at))
        form = ReviewForm(reason_required=self.protected, initial=self.standing)
        return self.ask(after, form, refusal)


class RemoveExpiredPage(OverridesPage):
    """One button: nobody gets anything else because of it, and it can be undone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.to_detail()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ReviewForm(request.POST, reason_required=self.protected)
        if not form.is_valid():
            return self.edit(self.rows(), Refusal(_("This change needs a reason."), status=UNPROCESSABLE))
        refusal = self.carry_out(form, Change(overrides=without_expired(self.present, self.at)))
        return self.edit(self.rows(), refusal) if refusal else self.leave()
