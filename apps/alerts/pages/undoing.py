"""Taking back what an alert did: one form on the alert's page, which says why not when it cannot be."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from apps.alerts import services
from apps.alerts.pages.alerts import AlertPage
from apps.alerts.pages.responses import undo_form
from apps.alerts.responses import rights_to_undo

UNPROCESSABLE, CONFLICT = 422, 409


class UndoPage(AlertPage):
    """Needs what doing it by hand needs, besides the right to see to alerts."""

    http_method_names = ["post"]
    permission = ("alerts.view_alert", "alerts.change_alert")

    def post(self, request: HttpRequest, alert: int, response_id: int) -> HttpResponse:
        row = self.find(alert)
        found = next((one for one in row.responses.all() if one.pk == response_id), None)
        if found is None:
            raise Http404(f"This alert has no response {response_id}.")
        refused = self.refuse(*rights_to_undo(found.kind, protected=self.environment.protected))
        if refused:
            return refused
        form = undo_form(found, request.POST)
        if not form.is_valid():
            return self.show(row, status=UNPROCESSABLE, sent={found.pk: form})
        try:
            services.undo_response(
                response_id=found.pk, actor=self.actor, reason=form.cleaned_data["reason"], at=self.at
            )
        except services.CannotUndo as why:
            form.add_error(None, _("It was not undone: %(why)s.") % {"why": why})
            return self.show(self.find(alert), status=CONFLICT, sent={found.pk: form})
        return HttpResponseRedirect(f"{self.url('alert-detail', alert=row.pk)}#responses-heading")
