"""Alerts: those that are open, the worst first, and those that are over; one alert with all that it set off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors
from apps.alerts.domain.labels import label_words
from apps.alerts.domain.parsing import parse_rule
from apps.alerts.models import Alert, Incident
from apps.alerts.pages.responses import UndoForm, told
from apps.alerts.pages.words import condition_words, severity, value_words
from apps.core import selectors as core
from apps.core import svg
from apps.core.pages import Pill, ScopedPage

OVER = 30  # alerts that are over, on the list
MOST_INCIDENTS = 5  # offered on an alert's page
TRACED = 10  # open alerts, the worst, that are shown with their last hour
NOT_TRACED = SafeString("")
TICKS, TICK = 31, timedelta(minutes=2)
BEFORE = timedelta(hours=1)  # shown of the metric, before the alert


@dataclass(frozen=True, slots=True)
class Shown:
    row: Alert
    severity: Pill
    value: str
    series: str
    trace: SafeString = NOT_TRACED  # its last hour against the threshold


def shown(row: Alert, trace: SafeString = NOT_TRACED) -> Shown:
    return Shown(row, severity(row.severity), value_words(row), label_words(row.labels), trace)


class AlertsPage(ScopedPage):
    title = gettext_lazy("Alerts")
    template_name = "alerts/list.html"
    permission = "alerts.view_alert"

    def get(self, request: HttpRequest) -> HttpResponse:
        open_now = selectors.open_alerts(self.environment)
        traced = [shown(row, self._trace(row)) for row in open_now[:TRACED]]
        over = selectors.alerts(self.project, self.environment).exclude(resolved_at=None)[:OVER]
        return self.render(
            open=traced + [shown(row) for row in open_now[TRACED:]],
            over=[shown(row) for row in over],
            rules=selectors.rules(self.project, self.environment).count(),
        )

    def _trace(self, row: Alert) -> SafeString:
        rule = parse_rule(row.definition)
        moments = [self.at - n * TICK for n in reversed(range(TICKS))]
        values = [value for _at, value in selectors.seen_at(row.environment_id, rule, row.labels, moments)]
        told = {"name": row.name, "limit": rule.in_words(rule.threshold)}
        return svg.trace(values, bound=rule.threshold, label=_("%(name)s in the last hour, against %(limit)s") % told)


class AlertPage(ScopedPage):
    template_name = "alerts/detail.html"
    permission: str | tuple[str, ...] = "alerts.view_alert"

    def get(self, request: HttpRequest, alert: int) -> HttpResponse:
        return self.show(self.find(alert))

    def find(self, pk: int) -> Alert:
        row = selectors.alerts(self.project, self.environment).filter(pk=pk).first()
        if row is None:
            raise Http404(f"There is no alert {pk} here.")
        return row

    def show(self, row: Alert, *, status: int = 200, sent: Mapping[int, UndoForm] | None = None) -> HttpResponse:
        """`sent` is what was asked to be undone, and refused."""
        return self.render(
            status=status,
            responses=list(told(self, row, sent or {})),
            title=row.name,
            crumbs=[(_("Alerts"), self.url("alert-list"))],
            alert=shown(row),
            condition=condition_words(parse_rule(row.definition)),
            chart=self._chart(row),
            entries=core.audit_of("alerts.alert", row.pk),
            changes=self._changes(row),
            may_acknowledge=self._may_acknowledge(row),
            incidents=self._incidents(row),
        )

    def _incidents(self, row: Alert) -> list[Incident]:
        """Open ones that it may be put into, while it is in none."""
        if row.incident_id is not None or not self.request.user.has_perm("alerts.change_incident"):
            return []
        return selectors.open_incidents(self.environment)[:MOST_INCIDENTS]

    def _may_acknowledge(self, row: Alert) -> bool:
        waits = row.acknowledged_at is None and row.resolved_at is None
        return waits and self.request.user.has_perm("alerts.change_alert")

    def _chart(self, row: Alert) -> SafeString:
        rule = parse_rule(row.definition)
        since, until = row.active_at - BEFORE, row.resolved_at or self.at
        points = selectors.values_over(row.environment_id, rule, row.labels, since=since, until=until)
        words = _("%(rule)s from an hour before it began") % {"rule": row.name}
        return svg.lines(
            [points],
            since=since,
            until=until,
            label=words,
            words=rule.in_words,
            bound=rule.threshold,
            marks=[row.fired_at],
        )

    def _changes(self, row: Alert) -> Any:
        """What was done to flags, or deployed, before it fired, the newest first."""
        return selectors.recent_changes(self.environment, row.fired_at)
