"""Versions from the past, and the way back to one of them."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.flags import services
from apps.flags.domain import transitions
from apps.flags.domain.access import Action
from apps.flags.domain.engine.definitions import Flag
from apps.flags.forms import ReasonForm
from apps.flags.pages import previews
from apps.flags.pages.base import FlagPage, Refusal
from apps.flags.pages.changes import ReviewPage
from apps.flags.pages.history import Version, version_of
from apps.flags.pages.targeting import override_words, prerequisite_words
from apps.flags.pages.words import indented, serving_lines, status_words
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
        return self.show(number, ReasonForm(reason_required=self.protected, initial=self.standing))

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        form = ReasonForm(request.POST, reason_required=self.protected)
        if not form.is_valid():
            return self.show(number, form)
        find_version(self, number)
        refusal = self.attempt(
            lambda: services.revert(
                state_id=self.state.pk,
                to_version=number,
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self.show(number, form, refusal) if refusal else self.to_detail(changed=True)

    def show(self, number: int, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        _version, definition = find_version(self, number)
        names = {"flag": self.flag.key, "environment": self.environment.name, "number": number}
        return self.review(
            form,
            self._after(definition),
            refusal,
            title=_("Revert %(flag)s in %(environment)s to version %(number)d") % names,
            button=_("Revert to version %(number)d") % names,
        )

    def _after(self, definition: Mapping[str, Any]) -> Flag | None:
        """None where reverting is refused anyway."""
        served = self.served
        if served is None:
            return None
        now = transitions.serving_of(served)
        try:
            then = transitions.revert(now, definitions.past_serving(dict(definition)))
        except (transitions.FlagIsKilled, transitions.NothingToChange):
            return served
        return previews.changed(served, transitions.difference(now, then))


def find_version(page: FlagPage, number: int) -> tuple[Version, Mapping[str, Any]]:
    """Raises Http404 for a number that never was."""
    found = version_of(page.state, number)
    if found is None:
        raise Http404(f"{page.flag.key} has no version {number} in {page.environment.key}.")
    return found
