"""The deploy calendar: two weeks as they are, and freezes: those to come and those that are over, made and ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.pages import Pill
from apps.core.services import StaleVersion
from apps.deployments import selectors, services
from apps.deployments.domain.access import Action
from apps.deployments.domain.calendar import Calendar, Day, Stretch, Verdict, days, judged
from apps.deployments.domain.gates import Gate
from apps.deployments.forms.calendar import EndForm, FreezeForm
from apps.deployments.models import FreezeWindow, Target
from apps.deployments.pages.base import CONFLICT, UNPROCESSABLE, DeploymentsPage
from apps.deployments.selectors.calendars import calendar_here

DAYS = 14
OVER = 30  # past freezes on the page
PILLS = {
    Verdict.OPEN: ("on", gettext_lazy("Open")),
    Verdict.AVOID: ("warn", gettext_lazy("Avoid")),
    Verdict.CLOSED: ("off", gettext_lazy("Closed")),
    Verdict.FROZEN: ("killed", gettext_lazy("Frozen")),
}
# Where a stretch is drawn on a day's bar, as (top, height) of 24: its height says the same as its colour.
SHAPES = {
    Verdict.OPEN: ((2, 20),),
    Verdict.AVOID: ((10, 12),),
    Verdict.CLOSED: ((19, 3),),
    Verdict.FROZEN: ((2, 4), (18, 4)),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a day."""

    hours: str
    pill: Pill
    why: str


@dataclass(frozen=True, slots=True)
class Drawn:
    day: datetime
    bar: SafeString
    parts: Sequence[Part]


class CalendarScope(DeploymentsPage):
    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions(), "deployments.view_freezewindow")

    def crumbs(self) -> list[tuple[str, str]]:
        return [(_("Deployments"), self.url("deployment-list")), (_("Calendar"), self.url("deployment-calendar"))]


class CalendarPage(CalendarScope):
    title = gettext_lazy("Deploy calendar")
    template_name = "deployments/calendar.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(selectors.targets(self.environment))
        target = next((row for row in rows if row.service.key == request.GET.get("service")), rows[0] if rows else None)
        calendar = calendar_here(self.environment, target, self.at)
        here = [row for row in selectors.freeze_windows(self.project) if self._is_here(row)]
        return self.render(
            targets=rows,
            target=target,
            asked=_asks(target),
            now=judged(calendar, self.at),
            pill=_pill(judged(calendar, self.at).verdict),
            days=list(drawn(calendar, self.at)),
            zone=calendar.zone.key,
            legend=[_pill(verdict) for verdict in Verdict],
            freezes=[row for row in reversed(here) if row.ends_at > self.at],
            past=[row for row in here if row.ends_at <= self.at][:OVER],
            may_freeze=self.may(Action.FREEZE),
        )

    def _is_here(self, row: FreezeWindow) -> bool:
        return row.environment_id in (None, self.environment.pk)


class NewFreezePage(CalendarScope):
    title = gettext_lazy("Freeze deployments")
    template_name = "deployments/freeze.html"
    action = Action.FREEZE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(FreezeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FreezeForm(request.POST)
        if form.is_valid():
            given = dict(form.cleaned_data)
            everywhere = given.pop("everywhere")
            given["starts_at"] = given["starts_at"] or self.at
            try:
                services.create_freeze(
                    project_id=self.project.pk,
                    environment_id=None if everywhere else self.environment.pk,
                    actor=self.actor,
                    at=self.at,
                    **given,
                )
                return HttpResponseRedirect(self.url("deployment-calendar"))
            except ValidationError as error:
                form.refuse(error.message_dict)
        return self._show(form, status=UNPROCESSABLE)

    def _show(self, form: FreezeForm, *, status: int = 200) -> HttpResponse:
        return self.render(status=status, form=form, crumbs=self.crumbs())


class EndFreezePage(CalendarScope):
    template_name = "deployments/freeze_end.html"
    action = Action.FREEZE

    def get(self, request: HttpRequest, freeze: int) -> HttpResponse:
        row = self._find(freeze)
        return self._show(row, self._form(initial={"version": row.version}))

    def post(self, request: HttpRequest, freeze: int) -> HttpResponse:
        row, form = self._find(freeze), self._form(request.POST)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        given = form.cleaned_data
        try:
            services.end_freeze(
                freeze_id=row.pk,
                reason=given["reason"],
                expected_version=given["version"],
                actor=self.actor,
                at=self.at,
            )
        except services.FreezeIsOver:
            form.add_error(None, _("It is over already."))
            return self._show(row, form, status=CONFLICT)
        except StaleVersion:
            form.add_error(None, _("Somebody changed this freeze while you were here. Open the calendar again."))
            return self._show(row, form, status=CONFLICT)
        return HttpResponseRedirect(self.url("deployment-calendar"))

    def _form(self, *args: Any, **options: Any) -> EndForm:
        return EndForm(*args, reason_required=self.environment.protected, **options)

    def _find(self, pk: int) -> FreezeWindow:
        row = selectors.freeze_windows(self.project).filter(pk=pk).first()
        if row is None or row.environment_id not in (None, self.environment.pk):
            raise Http404(f"There is no freeze {pk} here.")
        return row

    def _show(self, row: FreezeWindow, form: EndForm, *, status: int = 200) -> HttpResponse:
        title = _("End %(name)s") % {"name": row.name}
        return self.render(status=status, title=title, freeze=row, form=form, crumbs=self.crumbs())


def drawn(calendar: Calendar, at: datetime) -> Iterator[Drawn]:
    for day in days(calendar, at, DAYS):
        shown = [_shown(calendar, one) for one in day.stretches]
        parts = [
            Part(_hours(one.start_at, one.end_at, calendar.zone), _pill_of(one.verdict, verdict), one.why)
            for one, verdict in zip(day.stretches, shown, strict=True)
        ]
        local = day.stretches[0].start_at.astimezone(calendar.zone)
        yield Drawn(local, _bar(day, shown, parts), parts)


def _shown(calendar: Calendar, one: Stretch) -> Verdict:
    """What is closed, and to be avoided at that, is shown as the latter: its reason is the one that is told."""
    avoided = one.verdict is Verdict.CLOSED and one.why in [weekly.reason for weekly in calendar.avoid]
    return Verdict.AVOID if avoided else one.verdict


def _pill_of(verdict: Verdict, shown: Verdict) -> Pill:
    pill = _pill(shown)
    return pill if verdict is shown else Pill(pill.tone, f"{pill.text} ({_pill(verdict).text.lower()})")


def _bar(day: Day, shown: Sequence[Verdict], parts: Sequence[Part]) -> SafeString:
    """The day from left to right, as long as it is."""
    start, end = day.stretches[0].start_at, day.stretches[-1].end_at
    length = (end - start).total_seconds()
    rects = (
        (verdict.value, f"{(one.start_at - start).total_seconds() / length * 240:.1f}", top, width, height)
        for one, verdict in zip(day.stretches, shown, strict=True)
        for width in [f"{(one.end_at - one.start_at).total_seconds() / length * 240:.1f}"]
        for top, height in SHAPES[verdict]
    )
    return format_html(
        '<svg class="day-bar" role="img" aria-label="{}" viewBox="0 0 240 24" preserveAspectRatio="none">{}</svg>',
        ", ".join(f"{part.hours} {part.pill.text}" for part in parts),
        format_html_join("", '<rect class="day-{}" x="{}" y="{}" width="{}" height="{}"/>', rects),
    )


def _hours(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    until = end.astimezone(zone)
    return f"{start.astimezone(zone):%H:%M}–{'24:00' if f'{until:%H:%M}' == '00:00' else f'{until:%H:%M}'}"  # noqa: RUF001


def _pill(verdict: Verdict) -> Pill:
    tone, words = PILLS[verdict]
    return Pill(tone, str(words))


def _asks(target: Target | None) -> bool:
    return target is None or bool(target.gates.get(Gate.CALENDAR.value))


urlpatterns = [
    path("deployments/calendar/", CalendarPage.as_view(), name="deployment-calendar"),
    path("deployments/freezes/new/", NewFreezePage.as_view(), name="deployment-freeze-new"),
    path("deployments/freezes/<int:freeze>/end/", EndFreezePage.as_view(), name="deployment-freeze-end"),
]
