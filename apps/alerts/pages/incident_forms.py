"""Opening an incident by hand, changing one, which alerts belong to it, and its review as a file."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.forms import incidents as forms
from apps.alerts.models import Incident
from apps.alerts.pages.incidents import CONFLICT, UNPROCESSABLE, OneIncident
from apps.core.pages import ScopedPage
from apps.core.services import StaleVersion


class NewIncidentPage(ScopedPage):
    title = gettext_lazy("New incident")
    template_name = "alerts/incident_form.html"
    permission = ("alerts.view_incident", "alerts.add_incident")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(forms.NewIncidentForm(initial={"severity": "error"}, components=self._components()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.NewIncidentForm(request.POST, components=self._components())
        if not form.is_valid():
            return self._show(form, status=UNPROCESSABLE)
        given = form.cleaned_data | {"environment_id": self.environment.pk, "reason": form.cleaned_data["text"]}
        try:
            row = services.open_incident(actor=self.actor, at=self.at, **given)
        except services.InvalidIncident as error:
            forms.tell(form, error.message_dict)
            return self._show(form, status=UNPROCESSABLE)
        return HttpResponseRedirect(self.url("incident-detail", incident=row.pk))

    def _components(self) -> forms.Components:
        return selectors.status_components(self.environment.pk)

    def _show(self, form: forms.NewIncidentForm, *, status: int = 200) -> HttpResponse:
        crumbs = [(_("Incidents"), self.url("incident-list"))]
        return self.render(status=status, form=form, crumbs=crumbs, verb=_("Open the incident"))


class EditIncidentPage(OneIncident):
    template_name = "alerts/incident_form.html"
    permission = ("alerts.view_incident", "alerts.change_incident")

    def get(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        initial = {
            "version": row.version,
            "title": row.title,
            "severity": row.severity,
            "owner": row.owner_id or "",
            "public": row.public,
            "components": [one.key for one in row.components.all()],
        }
        return self._show(
            row, forms.IncidentForm(initial=initial, components=selectors.status_components(self.environment.pk))
        )

    def post(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        form = forms.IncidentForm(request.POST, components=selectors.status_components(self.environment.pk))
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        try:
            services.update_incident(incident_id=row.pk, actor=self.actor, at=self.at, **form.given)
        except services.InvalidIncident as error:
            forms.tell(form, error.message_dict)
            return self._show(row, form, status=UNPROCESSABLE)
        except StaleVersion:
            told = _("Somebody changed this incident while you were here. Open the page again.")
            form.add_error(None, told)
            return self._show(row, form, status=CONFLICT)
        return self.back(row.pk)

    def _show(self, row: Incident, form: forms.IncidentForm, *, status: int = 200) -> HttpResponse:
        crumbs = [
            (_("Incidents"), self.url("incident-list")),
            (row.title, self.url("incident-detail", incident=row.pk)),
        ]
        title, verb = _("Change the incident"), _("Save the incident")
        return self.render(status=status, title=title, form=form, crumbs=crumbs, verb=verb)


class AttachPage(OneIncident):
    """From an alert's page: it belongs to the incident that is chosen there."""

    permission = ("alerts.view_incident", "alerts.change_incident")

    def post(self, request: HttpRequest, incident: int) -> HttpResponse:
        row, alert = self.find(incident), request.POST.get("alert", "")
        try:
            services.attach_alert(
                incident_id=row.pk,
                alert_id=int(alert) if alert.isdecimal() else 0,
                actor=self.actor,
                reason=_("on the incident's page"),
                at=self.at,
            )
        except services.InvalidIncident as error:
            return self.show(row, refused=error.messages[0], status=UNPROCESSABLE)
        return self.back(row.pk)


class DetachPage(OneIncident):
    permission = ("alerts.view_incident", "alerts.change_incident")

    def post(self, request: HttpRequest, incident: int, alert: int) -> HttpResponse:
        row = self.find(incident)
        try:
            services.detach_alert(
                incident_id=row.pk, alert_id=alert, actor=self.actor, reason=_("on the incident's page"), at=self.at
            )
        except services.InvalidIncident as error:
            return self.show(row, refused=error.messages[0], status=UNPROCESSABLE)
        return self.back(row.pk)


class ReviewPage(OneIncident):
    """The review as a Markdown file, to be filled in with what was learnt."""

    permission = "alerts.view_incident"

    def get(self, request: HttpRequest, incident: int) -> HttpResponse:
        row = self.find(incident)
        name = f"incident-{row.pk}.md"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(selectors.review(row), content_type="text/markdown; charset=utf-8", headers=headers)
