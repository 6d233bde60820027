"""Incidents: those that go on, those that are over, and one with all that is known of it and what can be done."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.incidents import lasted
from apps.alerts.forms import incidents as forms
from apps.alerts.models import Alert, Incident, IncidentStatus, Response, Severity
from apps.alerts.pages.alerts import shown
from apps.alerts.pages.words import severity
from apps.core.models import AuditEntry
from apps.core.pages import Pill, ScopedPage
from apps.core.services import StaleVersion

OVER = 30  # incidents that are over, on the list
ALERTS, MOMENTS = 50, 200  # on the page of one incident; the rest is counted
UNPROCESSABLE, CONFLICT = 422, 409
TONES = {
    IncidentStatus.INVESTIGATING: "killed",
    IncidentStatus.IDENTIFIED: "warn",
    IncidentStatus.MONITORING: "info",
    IncidentStatus.RESOLVED: "on",
}
ACTED = {
    Response.Status.DONE: "on",
    Response.Status.UNDONE: "off",
    Response.Status.REFUSED: "warn",
    Response.Status.FAILED: "killed",
    Response.Status.PENDING: "info",
}


@dataclass(frozen=True, slots=True)
class Shown:
    row: Incident
    severity: Pill
    status: Pill
    lasted: str  # empty while it goes on


def shown_incident(row: Incident) -> Shown:
    status = Pill(TONES[IncidentStatus(row.status)], str(row.get_status_display()))
    recover = selectors.times_of(row).recover
    return Shown(row, severity(row.severity), status, lasted(recover) if recover is not None else "")


class IncidentsPage(ScopedPage):
    title = gettext_lazy("Incidents")
    template_name = "alerts/incidents.html"
    permission = "alerts.view_incident"

    def get(self, request: HttpRequest) -> HttpResponse:
        over = selectors.incidents(self.project, self.environment).exclude(resolved_at=None)[:OVER]
        return self.render(
            open=[shown_incident(row) for row in selectors.open_incidents(self.environment)],
            over=[shown_incident(row) for row in over],
            may_open=request.user.has_perm("alerts.add_incident"),
        )


class OneIncident(ScopedPage):
    """What the pages about one incident share: finding it, and showing it whole."""

    def find(self, pk: int) -> Incident:
        row = selectors.incident(self.project, self.environment, pk)
        if row is None:
            raise Http404(f"There is no incident {pk} here.")
        return row

    def back(self, pk: int) -> HttpResponse:
        return HttpResponseRedirect(self.url("incident-detail", incident=pk))

    def show(
        self, row: Incident, *, form: forms.UpdateForm | None = None, refused: str = "", status: int = 200
    ) -> HttpResponse:
        may_change = self.request.user.has_perm("alerts.change_incident")
        alerts, moments = _urgent_first(row), selectors.timeline(row)[::-1]
        return self.render(
            "alerts/incident.html",
            status=status,
            title=row.title,
            crumbs=[(_("Incidents"), self.url("incident-list"))],
            incident=shown_incident(row),
            times=_times(row),
            alerts=[(shown(alert), self._silence_url(alert)) for alert in alerts[:ALERTS]],
            more_alerts=max(len(alerts) - ALERTS, 0),
            acted=_acted(row),
            changed=self._changed(row),
            moments=moments[:MOMENTS],
            earlier=max(len(moments) - MOMENTS, 0),
            form=form or forms.UpdateForm.of(row),
            refused=refused,
            may_change=may_change,
            may_acknowledge=may_change and row.acknowledged_at is None and row.resolved_at is None,
            may_own=may_change and row.owner_id != self.request.user.pk and row.resolved_at is None,
            may_kill=self.request.user.has_perm("flags.kill_flag"),
            may_silence=self.request.user.has_perm("alerts.add_silence"),
        )

    def _silence_url(self, alert: Alert) -> str:
        """Of an alert that is open: a silence of just this one, to be looked at before it is made."""
        if alert.resolved_at is not None:
            return ""
        return reverse("admin:silence-new", kwargs=self.scope.kwargs, query={"alert": alert.pk})

    def _changed(self, row: Incident) -> list[tuple[str, AuditEntry, str]]:
        """Flags changed shortly before or during it, the last change of each first: key, entry, where to kill it."""
        ending = f" in {self.environment.key}"
        last: dict[str, AuditEntry] = {}
        for entry in selectors.changes_around(row):
            if entry.subject_label.endswith(ending):
                last.pop(entry.subject_label, None)
                last[entry.subject_label] = entry
        found = [(label.removesuffix(ending), entry) for label, entry in reversed(last.items())]
        return [
            (key, entry, "" if entry.kind == "flags.killed" else self.url("flag-kill", key=key)) for key, entry in found
        ]


class IncidentPage(OneIncident):
    permission = "alerts.view_incident"

    def get(self, request: HttpRequest, incident: int) -> HttpResponse:
        return self.show(self.find(incident))


class UpdatePage(OneIncident):
    """Posting an update. What was typed is shown again when it is refused."""

    permission = ("alerts.view_incident", "alerts.change_incident")

    def get(self, request: HttpRequest, incident: int) -> HttpResponse:
        return self.back(self.find(incident).pk)

    def post(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        form = forms.UpdateForm(request.POST)
        if not form.is_valid():
            return self.show(row, form=form, status=UNPROCESSABLE)
        try:
            services.post_update(incident_id=row.pk, actor=self.actor, at=self.at, **form.given)
        except services.InvalidIncident as error:
            forms.tell(form, error.message_dict)
            return self.show(row, form=form, status=UNPROCESSABLE)
        except services.IncidentOver:
            told = _("It was resolved meanwhile. Write a note without a new status, or open a new incident.")
            return self.show(row, form=form, refused=told, status=CONFLICT)
        except StaleVersion:
            typed = request.POST.copy()
            typed["version"] = str(row.version)
            form = forms.UpdateForm(typed)
            told = _("Somebody changed this incident while you wrote. Read what is new, then send your update.")
            return self.show(row, form=form, refused=told, status=CONFLICT)
        return self.back(row.pk)


class TakeOnPage(OneIncident):
    """Acknowledge it and its alerts."""

    permission = ("alerts.view_incident", "alerts.change_incident")

    def post(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        try:
            services.acknowledge_incident(
                incident_id=row.pk, actor=self.actor, reason=_("on the incident's page"), at=self.at
            )
        except services.IncidentOver:
            return self.show(row, refused=_("It is over: there is nothing to take on."), status=CONFLICT)
        return self.back(row.pk)


class OwnPage(OneIncident):
    """Become the owner; whoever was it before is not any more."""

    permission = ("alerts.view_incident", "alerts.change_incident")

    def post(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        services.update_incident(
            incident_id=row.pk,
            fields={"owner": request.user.pk},
            actor=self.actor,
            reason=_("took it over on its page"),
            at=self.at,
            expected_version=None,
        )
        return self.back(row.pk)


def _urgent_first(row: Incident) -> list[Alert]:
    """Those that are open, the worst first; then those that are over. Of these the newest first."""

    def rank(alert: Alert) -> int:
        return len(Severity.values) if alert.resolved_at else -Severity.values.index(alert.severity)

    return sorted(row.alerts.all(), key=rank)


def _times(row: Incident) -> list[tuple[str, str]]:
    found = selectors.times_of(row)
    named = ((_("To acknowledge"), found.acknowledge), (_("To act"), found.act), (_("To recover"), found.recover))
    return [(name, "" if length is None else lasted(length)) for name, length in named]


def _acted(row: Incident) -> list[tuple[Alert, Response, Pill]]:
    """What its alerts set off, the newest first."""
    found: list[tuple[Alert, Response, Pill]] = []
    for alert in row.alerts.all():
        for response in alert.responses.all():
            status = Response.Status(response.status)
            found.append((alert, response, Pill(ACTED[status], str(status.label))))
    return sorted(found, key=lambda one: one[1].pk, reverse=True)
