"""Versions from the past, and the way back to one of them."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.core.fields import indented
from apps.flags.domain import transitions
from apps.flags.domain.access import Action
from apps.flags.domain.transitions import Change
from apps.flags.forms import ReviewForm
from apps.flags.pages import previews
from apps.flags.pages.base import FlagPage, Refusal
from apps.flags.pages.changes import ReviewPage
from apps.flags.pages.deeds import back
from apps.flags.pages.history import Version, version_of
from apps.flags.pages.targeting import override_words, prerequisite_words
from apps.flags.pages.words import serving_lines, status_words
from apps.flags.selectors import definitions


class VersionPage(FlagPage):
    """One version from the past, whole."""

    template_name = "flags/version.html"

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version, definition = find_version(self, number)
        title = _("Version %(number)d of %(flag)s") % {"number": number, "flag": self.flag.key}
        return self.render(
            title=title,
            version=version,
            state_words=status_words(definition),
            serving=serving_lines(definition),
            waits=prerequisite_words(definition),
            individuals=override_words(definition),
            json=indented(definition),
            may_revert=self.may(Action.CHANGE_STATE) and not version.present,
        )


class RevertPage(ReviewPage):
    """Back to what an earlier version served."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        return self.show(number, ReviewForm(reason_required=self.protected, initial=self.standing))

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        form = ReviewForm(request.POST, reason_required=self.protected)
        if not form.is_valid():
            return self.show(number, form)
        _version, definition = find_version(self, number)
        refusal = self.carry_out(form, self._change(definition), now=back(number))
        return self.show(number, form, refusal) if refusal else self.leave()

    def show(self, number: int, form: ReviewForm, refusal: Refusal | None = None) -> HttpResponse:
        _version, definition = find_version(self, number)
        names = {"flag": self.flag.key, "environment": self.environment.name, "number": number}
        return self.review(
            form,
            previews.changed(self.served, self._change(definition)) if self.served else None,
            refusal,
            title=_("Revert %(flag)s in %(environment)s to version %(number)d") % names,
            button=_("Revert to version %(number)d") % names,
        )

    def _change(self, definition: Mapping[str, Any]) -> Change:
        """What reverting changes: nothing where it is refused anyway."""
        served = self.served
        if served is None:
            return Change()
        now = transitions.serving_of(served)
        try:
            then = transitions.revert(now, definitions.past_serving(dict(definition)))
        except (transitions.FlagIsKilled, transitions.NothingToChange):
            return Change()
        return transitions.difference(now, then)


def find_version(page: FlagPage, number: int) -> tuple[Version, Mapping[str, Any]]:
    """Raises Http404 for a number that never was."""
    found = version_of(page.state, number)
    if found is None:
        raise Http404(f"{page.flag.key} has no version {number} in {page.environment.key}.")
    return found
