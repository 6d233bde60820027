"""Archiving a flag that is gone from the code, and bringing it back. Both are about every environment at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.core.models import ChangeRequest
from apps.core.pages import Pill
from apps.core.services import StaleVersion
from apps.flags import selectors, services
from apps.flags.domain.access import Action, needed
from apps.flags.forms import ReasonForm
from apps.flags.models import Flag
from apps.flags.pages.base import UNPROCESSABLE, FlagPage, Refusal, overtaken, read
from apps.flags.pages.words import listed, pill
from apps.flags.selectors import Interval

WEEK = timedelta(days=7)


class LifecyclePage(FlagPage):
    """One POST with a reason; a subclass says which service and which words."""

    action = Action.ARCHIVE
    kind = ""  # of the proposal, where approval is needed

    def permissions(self) -> tuple[str, ...]:
        """What is the same everywhere is as protected as the most protected environment."""
        return needed(self.action, protected=self._protected)

    @property
    def _protected(self) -> bool:
        return self.project.environments.filter(protected=True).exists()

    def service(self) -> Callable[..., Flag]:
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self._form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self._attempt(form)
        return self.show(form, refusal) if refusal else self.leave()

    def _form(self, data: Any = None) -> ReasonForm:
        return ReasonForm(data, reason_required=self._protected, initial={"version": self.flag.version})

    def _attempt(self, form: ReasonForm) -> Refusal | None:
        try:
            return self.attempt(lambda: self._do(form.cleaned_data), form)
        except services.FlagIsNeeded as error:
            text = _("%(flags)s wait for it. Take this flag out of their prerequisites first.")
            return Refusal(_("Other flags need this one."), text % {"flags": listed(error.keys)})

    def conflict(self, error: Exception, form: BaseForm | None = None) -> Refusal:
        """Here it is the flag that somebody else saved first, not its state."""
        if isinstance(error, StaleVersion) and form is not None:
            return overtaken(form, self.flag, error.found)
        return Refusal(_("Nothing to change: it is like this already."))

    def _do(self, given: dict[str, Any]) -> Flag | ChangeRequest:
        signed: dict[str, Any] = {
            "actor": self.actor,
            "reason": given["reason"],
            "at": self.at,
            "expected_version": given["version"],
        }
        if self.proposes:
            about: dict[str, Any] = {"kind": self.kind, "subject_id": self.flag.pk, "environment_id": None}
            return services.propose(**about, patch={}, **signed)
        return self.service()(flag_id=self.flag.pk, **signed)

    def show(self, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        status = refusal.status if refusal else UNPROCESSABLE if form.errors else 200
        approvals = max(state.environment.approvals_needed for state in self.states)
        return self.render(status=status, form=form, refusal=refusal, approvals=approvals, **self.context())


class ArchivePage(LifecyclePage):
    template_name = "flags/archive.html"
    kind = "flags.archive"

    def service(self) -> Callable[..., Flag]:
        return services.archive_flag

    def context(self) -> dict[str, Any]:
        return {"title": _("Archive %(flag)s") % {"flag": self.flag.key}, "uses": self._uses()}

    def _uses(self) -> list[tuple[str, int, datetime | None]]:
        """Environment, evaluations in the last seven days, and the last one."""
        used = selectors.usage(self.flag, since=self.at - WEEK, until=self.at, interval=Interval.HOUR)
        counts = used.by_environment()
        return [
            (state.environment.name, counts.get(state.environment.key, 0), selectors.last_served_at(state))
            for state in self.states
        ]


class RestorePage(LifecyclePage):
    template_name = "flags/restore.html"
    kind = "flags.restore"

    def service(self) -> Callable[..., Flag]:
        return services.restore_flag

    def context(self) -> dict[str, Any]:
        return {"title": _("Restore %(flag)s") % {"flag": self.flag.key}, "states": self._states()}

    def _states(self) -> list[tuple[str, Pill]]:
        """What each environment will serve again."""
        return [(state.environment.name, pill(read(state))) for state in self.states]
