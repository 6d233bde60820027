"""A rule's test notice: who would hear of an alert and why, then the sending, then how each channel fared."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.forms.fields import LabelsField
from apps.alerts.models import AlertRule, Notification
from apps.alerts.pages.rules import find_rule
from apps.alerts.pages.words import delivery
from apps.core.fields import ReasonField
from apps.core.pages import ScopedPage

UNPROCESSABLE = 422
SHOWN = 50  # notices of one test


class SendTestForm(forms.Form):
    labels = LabelsField(
        label=gettext_lazy("For a series with these labels (optional)"),
        required=False,
        help_text=gettext_lazy("Such as host=web-1, as routes and silences may ask for them."),
    )
    reason = ReasonField(required=False)


class RuleTestPage(ScopedPage):
    template_name = "alerts/rule_test.html"
    permission = ("alerts.view_alertrule", "alerts.change_alertrule", "alerts.view_channel", "alerts.view_notification")

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        asked = [int(pk) for pk in request.GET.get("sent", "").split("-") if pk.isdecimal()][:SHOWN]
        return self._show(
            find_rule(self, key), SendTestForm(), sent=self._sent(asked) if "sent" in request.GET else None
        )

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Send it, or only look again at who would hear: the form says which."""
        row, form = find_rule(self, key), SendTestForm(request.POST)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        if "look" in request.POST:
            return self._show(row, form, labels=form.cleaned_data["labels"])
        try:
            sent = services.test_rule(rule_id=row.pk, actor=self.actor, at=self.at, **form.cleaned_data)
        except services.InvalidTest as error:
            form.add_error("labels", error.messages[0])
            return self._show(row, form, status=UNPROCESSABLE)
        services.deliver_test(sent=sent, at=self.at)
        query = "-".join(str(one.pk) for one in sent)
        return HttpResponseRedirect(f"{self.url('rule-test', key=row.key)}?sent={query}")

    def _show(
        self, row: AlertRule, form: SendTestForm, *, labels: Any = services.NO_LABELS, status: int = 200, **context: Any
    ) -> HttpResponse:
        try:
            telling = services.explain_telling(rule_id=row.pk, at=self.at, labels=labels)
        except services.InvalidTest as error:
            form.add_error("labels", error.messages[0])
            telling, status = services.explain_telling(rule_id=row.pk, at=self.at), UNPROCESSABLE
        return self.render(
            status=status,
            title=_("Test %(name)s") % {"name": row.name},
            rule=row,
            form=form,
            telling=telling,
            crumbs=[(_("Alert rules"), self.url("rule-list")), (row.name, self.url("rule-detail", key=row.key))],
            **context,
        )

    def _sent(self, asked: list[int]) -> list[tuple[Notification, Any]]:
        rows = selectors.notifications(self.project).filter(pk__in=asked, kind=Notification.Kind.TEST)
        return [(row, delivery(row.status, row.error)) for row in rows.order_by("pk")]
