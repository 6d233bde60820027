"""Changes at a set time: cancelling one, and scheduling one again."""

from contextlib import suppress

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.flags import services
from apps.flags.domain.access import Action
from apps.flags.domain.patches import parse_change
from apps.flags.forms import ReviewForm
from apps.flags.models import ScheduledChange
from apps.flags.pages import previews
from apps.flags.pages.base import FlagPage, Refusal
from apps.flags.pages.changes import ReviewPage
from apps.flags.pages.waiting import scheduled
from apps.flags.selectors import requests
from apps.flags.services import ScheduleIsOver


class SchedulePage(FlagPage):
    """A page about one scheduled change of the flag in the address."""

    action = Action.CHANGE_STATE

    def schedule(self, id: int) -> ScheduledChange:
        found = requests.schedules(self.project).filter(state=self.state, pk=id).first()
        if found is None:
            raise Http404(f"{self.flag.key} has no scheduled change {id} in {self.environment.key}.")
        return found


class CancelSchedulePage(SchedulePage):
    """Takes a scheduled change back, or dismisses a conflict."""

    def get(self, request: HttpRequest, id: int) -> HttpResponse:
        return self.to_detail()

    def post(self, request: HttpRequest, id: int) -> HttpResponse:
        row = self.schedule(id)
        with suppress(ScheduleIsOver):  # somebody was faster, or its time came; the flag's page shows which
            services.cancel_scheduled_change(schedule_id=row.pk, actor=self.actor, at=self.at, expected_version=None)
        return self.to_detail()


class ScheduleAgainPage(SchedulePage, ReviewPage):
    """The same change on top of what is served now."""

    def get(self, request: HttpRequest, id: int) -> HttpResponse:
        form = ReviewForm(reason_required=self.protected, initial=self.standing | {"reason": self.schedule(id).reason})
        return self.show(id, form)

    def post(self, request: HttpRequest, id: int) -> HttpResponse:
        form = ReviewForm(request.POST, reason_required=self.protected)
        if not form.is_valid():
            return self.show(id, form)
        refusal = self.carry_out(form, parse_change(self.schedule(id).patch))
        return self.show(id, form, refusal) if refusal else self.leave()

    def show(self, id: int, form: ReviewForm, refusal: Refusal | None = None) -> HttpResponse:
        row, served = self.schedule(id), self.served
        names = {"flag": self.flag.key, "environment": self.environment.name}
        change = parse_change(row.patch)
        return self.review(
            form,
            previews.changed(served, change) if served else None,
            refusal,
            title=_("Schedule the change of %(flag)s in %(environment)s again") % names,
            button=_("Apply to %(environment)s") % names,
            again=scheduled(row, self.state),
        )
