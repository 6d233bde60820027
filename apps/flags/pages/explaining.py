"""Why one user gets what a flag serves, now or at a past moment. Read by GET, so that its address can be shared."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.flags import selectors
from apps.flags.domain.engine.context import TARGETING_KEY
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.sentences import sentence
from apps.flags.forms import ExplainForm, PreviewForm
from apps.flags.pages.base import UNPROCESSABLE, FlagPage
from apps.flags.pages.history import KINDS
from apps.flags.pages.stages import stages
from apps.flags.pages.words import compact
from apps.flags.selectors import Told


class ExplainPage(FlagPage):
    template_name = "flags/explain.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.GET:
            return self.show(ExplainForm(now=self.at))
        form = ExplainForm(request.GET, now=self.at)
        return self.show(form, **self._answer(form)) if form.is_valid() else self.show(form, status=UNPROCESSABLE)

    def show(self, form: ExplainForm, status: int = 200, **context: Any) -> HttpResponse:
        title = _("Why a user gets %(flag)s") % {"flag": self.flag.key}
        return self.render(status=status, title=title, form=form, states=self.states, query=query(form), **context)

    def _answer(self, form: ExplainForm) -> dict[str, Any]:
        context, past = form.asked or {}, form.cleaned_data["at"]
        try:
            told = selectors.explained(self.state, context, at=self.at, past=past)
        except InvalidDefinition as error:
            return {"unreadable": str(error)}
        if told is None:
            return {"began_at": selectors.began_at(self.state), "past": past}
        return {"past": past, **_shown(told, past or self.at, str(context.get(TARGETING_KEY, "")))}


def query(form: PreviewForm) -> str:
    """The question as the end of an address, to ask it of another flag or environment."""
    asked = {name: form[name].value() or "" for name in form.fields} if form.is_bound else {}
    return f"?{urlencode(asked)}" if asked else ""


def _shown(told: Told, at: datetime, user: str) -> dict[str, Any]:
    found = told.explanation
    return {
        "found": found,
        "user": user,
        "sentence": sentence(found),
        "value": "" if found.variant is None else compact(found.value),
        "stages": stages(found, at),
        "version": told.version,
        "version_title": KINDS.get(told.version.kind, told.version.kind),
        "archived": told.archived,
        "left_out": told.left_out,
    }
