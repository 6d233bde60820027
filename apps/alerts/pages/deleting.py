"""Deleting an alert rule: a page that says what goes and what stays, and one button."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from apps.alerts import services
from apps.alerts.models import AlertRule
from apps.alerts.pages.rules import find_rule
from apps.core.fields import ReasonField, VersionField
from apps.core.pages import ScopedPage
from apps.core.services import StaleVersion

UNPROCESSABLE, CONFLICT = 422, 409


class DeleteForm(forms.Form):
    version = VersionField()
    reason = ReasonField(required=True)


class DeleteRulePage(ScopedPage):
    template_name = "alerts/rule_delete.html"
    permission = ("alerts.view_alertrule", "alerts.delete_alertrule")

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = find_rule(self, key)
        return self.show(row, DeleteForm(initial={"version": row.version}))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row, form = find_rule(self, key), DeleteForm(request.POST)
        if not form.is_valid():
            return self.show(row, form, status=UNPROCESSABLE)
        given = form.cleaned_data
        try:
            services.delete_rule(
                rule_id=row.pk,
                actor=self.actor,
                reason=given["reason"],
                at=self.at,
                expected_version=given["version"],
            )
        except StaleVersion:
            again = DeleteForm({"version": row.version, "reason": given["reason"]})
            again.add_error(None, _("Somebody changed this rule while you were here. Look at it, then decide again."))
            return self.show(row, again, status=CONFLICT)
        return HttpResponseRedirect(self.url("rule-list"))

    def show(self, row: AlertRule, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        crumbs = [(_("Alert rules"), self.url("rule-list")), (row.name, self.url("rule-detail", key=row.key))]
        title = _("Delete the rule %(rule)s") % {"rule": row.name}
        guard = row.definition.get("guard", "")
        return self.render(status=status, title=title, crumbs=crumbs, form=form, rule=row, guard=guard)
