"""Taking an alert on: by the signed link of a notice, without signing in, and by the button on its own page."""

from contextlib import suppress

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from apps.alerts import selectors, services
from apps.alerts.domain.labels import label_words
from apps.alerts.models import Alert
from apps.alerts.pages.words import severity, value_words
from apps.core import audit, clock
from apps.core.audit import Actor
from apps.core.pages import ScopedPage, person

GONE, CONFLICT = 410, 409


@method_decorator(never_cache, name="dispatch")
class LinkPage(View):
    """The link is the right to acknowledge this one alert. Opening it changes nothing: what previews links opens
    them too."""

    http_method_names = ["get", "head", "post"]
    row: Alert
    channel: str

    def dispatch(self, request: HttpRequest, *args: str, token: str) -> HttpResponseBase:
        try:
            alert, self.channel = services.read_acknowledge_token(token)
        except services.LinkInvalid:
            return self._gone()
        found = selectors.alert_behind(alert)
        if found is None:
            return self._gone()
        self.row = found
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(self.row)

    def post(self, request: HttpRequest) -> HttpResponse:
        reason, at = _("by the link in a notice"), clock.now()
        try:
            services.acknowledge(alert_id=self.row.pk, actor=self._actor(), reason=reason, at=at)
        except services.AlertOver:
            return self._show(self.row, status=CONFLICT)
        return self._show(selectors.alert_behind(self.row.pk) or self.row, done=True)

    def _actor(self) -> Actor:
        """Whoever is signed in; else all that is known is where the link was sent."""
        if self.request.user.is_authenticated:
            return person(self.request)
        return audit.system(f"link in {self.channel}")

    def _show(self, row: Alert, *, status: int = 200, done: bool = False) -> HttpResponse:
        context = {
            "alert": row,
            "severity": severity(row.severity),
            "value": value_words(row),
            "series": label_words(row.labels),
            "at": clock.now(),
            "done": done,
        }
        return render(self.request, "alerts/acknowledge.html", context, status=status)

    def _gone(self) -> HttpResponse:
        return render(self.request, "alerts/acknowledge_gone.html", status=GONE)


class AcknowledgePage(ScopedPage):
    permission = ("alerts.view_alert", "alerts.change_alert")

    def post(self, request: HttpRequest, alert: int) -> HttpResponse:
        row = selectors.alerts(self.project, self.environment).filter(pk=alert).first()
        if row is None:
            raise Http404(f"There is no alert {alert} here.")
        with suppress(services.AlertOver):  # its page says that it is over
            services.acknowledge(alert_id=row.pk, actor=self.actor, reason=_("on the alert's page"), at=self.at)
        return HttpResponseRedirect(self.url("alert-detail", alert=row.pk))
