"""Health checks: the list, one check with its days and results, and what is done to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.fields import indented
from apps.core.pages import Pill
from apps.core.services import ReasonMissing, StaleVersion
from apps.monitoring import services
from apps.monitoring.domain.checks.kinds import CheckConfig
from apps.monitoring.domain.checks.uptime import Day, overall
from apps.monitoring.models import HealthCheck
from apps.monitoring.pages import check_words as words
from apps.monitoring.pages.check_editor import CONFLICT, UNPROCESSABLE, CheckScope
from apps.monitoring.pages.check_forms import ActForm
from apps.monitoring.selectors import checks
from apps.monitoring.services.settling import HEARD

PER_PAGE = 50
RESULTS, ENTRIES = 20, 20
CHARTED = timedelta(hours=24)
CHANGE = "monitoring.change_healthcheck"
VIEW = ("monitoring.view_healthcheck", "monitoring.view_healthday")


@dataclass(frozen=True, slots=True)
class Shown:
    row: HealthCheck
    state: Pill
    latency: str
    bar: SafeString
    share: str


def shown(row: HealthCheck, days: tuple[Day, ...]) -> Shown:
    latency = words.latency(row.last_latency_seconds)
    return Shown(row, words.state_pill(row), latency, words.bar(days), words.percent(overall(days)))


class ChecksPage(CheckScope):
    title = gettext_lazy("Health checks")
    template_name = "monitoring/checks.html"
    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = checks.worst_first(checks.health_checks(self.environment))
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        found = list(page.object_list)
        days = checks.days_of_many(found, at=self.at)
        return self.render(
            page=page,
            rows=[shown(row, days[row.pk]) for row in found],
            may_add=request.user.has_perm("monitoring.add_healthcheck"),
        )


class Detail(CheckScope):
    template_name = "monitoring/check.html"

    def show(self, row: HealthCheck, form: ActForm | None = None, *, status: int = 200) -> HttpResponse:
        form = form or ActForm(initial={"version": row.version}, protected=self.protected)
        may_change = self.request.user.has_perm(CHANGE)
        results = checks.results_of(row).order_by("-at")[:RESULTS]
        return self.render(
            status=status,
            title=row.name,
            crumbs=self.crumbs(),
            check=shown(row, checks.days_of(row, at=self.at)),
            config=indented(row.config),
            since=checks.standing_since(row),
            chart=self._chart(row, checks.config_of(row)),
            results=[(one, words.latency(one.latency_seconds)) for one in results],
            entries=core.audit_of("monitoring.healthcheck", row.pk).order_by("-at", "-id")[:ENTRIES],
            form=form,
            may_change=may_change,
            paused=row.settled == HealthCheck.State.PAUSED,
            asked=row.kind not in HEARD,
        )

    def _chart(self, row: HealthCheck, config: CheckConfig) -> SafeString | None:
        since = self.at - CHARTED
        points = checks.slowest_over(row, since=since, until=self.at)
        if not points:
            return None
        bound = getattr(config, "latency_limit_seconds", None)
        return words.response_times(points, since=since, until=self.at, bound=bound)


class CheckPage(Detail):
    permission = VIEW

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self.show(self.find(key))


class DeedPage(Detail):
    """One deed to a check, by POST; where it is refused the check is shown with why."""

    permission = CHANGE
    deed = ""
    refusals: Mapping[type[Exception], Any] = {
        services.CheckIsPaused: gettext_lazy("This check is paused. Resume it first."),
        services.CheckIsNotPaused: gettext_lazy("This check is not paused."),
        services.NotRun: gettext_lazy("This kind of check cannot be asked: it is heard of."),
        services.NoHeartbeat: gettext_lazy("Only a heartbeat has an address to ping."),
        ReasonMissing: gettext_lazy("Say why, so that others understand this later."),
        services.CheckIsArchived: gettext_lazy("Somebody archived this check while you were here."),
        StaleVersion: gettext_lazy("Somebody changed this check while you were here. Look at it, then do it again."),
    }

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        # To run it once more changes nothing of it, and needs no reason.
        form = ActForm(request.POST, protected=self.protected and self.deed != "run")
        if not form.is_valid():
            return self.show(row, form, status=UNPROCESSABLE)
        given = {"check_id": row.pk, "actor": self.actor, "reason": form.cleaned_data["reason"], "at": self.at}
        if self.deed != "run":
            given["expected_version"] = form.cleaned_data["version"]
        try:
            return self._done(key, **given)
        except tuple(self.refusals) as refused:
            form.add_error(None, self.refusals[type(refused)])
            newest = self.find(key)
            self.put_on_newest(form, newest)
            return self.show(newest, form, status=CONFLICT)

    def _done(self, key: str, **given: Any) -> HttpResponse:
        if self.deed == "renew":
            return self.show_address(services.renew_ping_token(**given))
        DEEDS[self.deed](**given)
        if self.deed == "archive":
            return HttpResponseRedirect(self.url("check-list"))
        return HttpResponseRedirect(self.url("check-detail", key=key))


DEEDS: Mapping[str, Callable[..., HealthCheck]] = {
    "pause": services.pause_check,
    "resume": services.resume_check,
    "run": services.ask_for_run,
    "archive": services.archive_check,
}
