"""Alert rules: the list, the starter pack, and the editor with what the rule would have done."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.starter import ERROR_RATE_CRITICAL
from apps.alerts.models import AlertRule
from apps.alerts.pages.words import condition_words, severity
from apps.core import svg
from apps.core.fields import JsonObjectField, ReasonField, VersionField, indented
from apps.core.pages import ScopedPage
from apps.core.services import StaleVersion
from apps.flags.domain.engine.definitions import InvalidDefinition

UNPROCESSABLE, CONFLICT = 422, 409


class RuleForm(forms.Form):
    version = VersionField()
    definition = JsonObjectField(label=gettext_lazy("Rule (JSON)"))
    response = JsonObjectField(
        label=gettext_lazy("Response (JSON)"),
        required=False,
        help_text=gettext_lazy('What it does by itself, such as {"kind": "kill_flag", "flag": "checkout-v2"}.'),
    )
    enabled = forms.BooleanField(label=gettext_lazy("Judge this rule"), required=False, initial=True)
    reason = ReasonField(required=False)


class RulesPage(ScopedPage):
    title = gettext_lazy("Alert rules")
    template_name = "alerts/rules.html"
    permission = "alerts.view_alertrule"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [
            (row, severity(row.severity), condition_words(parse_rule(row.definition)))
            for row in selectors.rules(self.project, self.environment)
        ]
        return self.render(rows=rows, may_change=request.user.has_perm("alerts.add_alertrule"))


class InstallPage(ScopedPage):
    permission = "alerts.add_alertrule"

    def post(self, request: HttpRequest) -> HttpResponse:
        services.install_starter_rules(
            environment_id=self.environment.pk, actor=self.actor, reason=_("The starter pack"), at=self.at
        )
        return HttpResponseRedirect(self.url("rule-list"))


class Editor(ScopedPage):
    template_name = "alerts/rule.html"

    def show(self, form: RuleForm, asked: Rule | None, *, status: int = 200, **context: Any) -> HttpResponse:
        tried = {} if asked is None else self._tried(asked)
        crumbs = [(_("Alert rules"), self.url("rule-list"))]
        return self.render(status=status, form=form, crumbs=crumbs, **tried, **context)

    def attempt(self, form: RuleForm, save: Any) -> HttpResponse:
        """Save, or only try it: the form says which. What is wrong is told at the field."""
        if not form.is_valid():
            return self.show(form, None, status=UNPROCESSABLE)
        rule = self._read(form)
        if rule is None:
            return self.show(form, None, status=UNPROCESSABLE)
        if "try" in self.request.POST:
            return self.show(form, rule)
        given = form.cleaned_data
        try:
            row = save(
                definition=given["definition"],
                response=given["response"] or {},
                enabled=given["enabled"],
                reason=given["reason"],
                actor=self.actor,
                at=self.at,
            )
        except ValidationError as error:
            for path, messages in error.message_dict.items():
                form.add_error("response" if path.startswith("response") else "definition", f"{path}: {messages[0]}")
            return self.show(form, rule, status=UNPROCESSABLE)
        except StaleVersion:
            form.add_error(None, _("Somebody saved this rule while you were here. Look at it, then save again."))
            return self.show(form, rule, status=CONFLICT)
        return HttpResponseRedirect(self.url("rule-detail", key=row.key))

    def _read(self, form: RuleForm) -> Rule | None:
        try:
            return parse_rule(form.cleaned_data["definition"])
        except InvalidDefinition as fault:
            form.add_error("definition", f"{fault.path}: {fault.message}")
            return None

    def _tried(self, rule: Rule) -> dict[str, Any]:
        result, values = selectors.tried(self.environment.pk, rule, at=self.at)
        return {"tested": result, "chart": _drawn(rule, values, self.at), "condition": condition_words(rule)}


class NewRulePage(Editor):
    title = gettext_lazy("New alert rule")
    permission = "alerts.add_alertrule"

    def get(self, request: HttpRequest) -> HttpResponse:
        example = dump_rule(ERROR_RATE_CRITICAL) | {"key": "my_rule"}
        return self.show(RuleForm(initial={"definition": indented(example), "version": 1}), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        def save(**given: Any) -> AlertRule:
            return services.create_rule(environment_id=self.environment.pk, **given)

        return self.attempt(RuleForm(request.POST), save)


class RulePage(Editor):
    permission = "alerts.view_alertrule"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = find_rule(self, key)
        initial = {
            "definition": indented(row.definition),
            "response": indented(row.response) if row.response else "",
            "enabled": row.enabled,
            "version": row.version,
        }
        return self.show(RuleForm(initial=initial), parse_rule(row.definition), **self._about(row))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = find_rule(self, key)
        refused = self.refuse("alerts.change_alertrule")
        if refused:
            return refused
        form = RuleForm(request.POST)

        def save(**given: Any) -> AlertRule:
            return services.update_rule(rule_id=row.pk, expected_version=form.cleaned_data["version"], **given)

        return self.attempt(form, save)

    def _about(self, row: AlertRule) -> dict[str, Any]:
        may_change = self.request.user.has_perm("alerts.change_alertrule")
        return {
            "title": row.name,
            "rule": row,
            "alerts": row.alerts.order_by("-fired_at")[:5],
            "may_change": may_change,
            "may_delete": self.request.user.has_perm("alerts.delete_alertrule"),
        }


def find_rule(page: ScopedPage, key: str) -> AlertRule:
    row = selectors.rules(page.project, page.environment).filter(key=key).first()
    if row is None:
        raise Http404(f"There is no alert rule {key} here.")
    return row


def _drawn(rule: Rule, values: list[tuple[datetime, float]], at: datetime) -> SafeString:
    words = _("The worst value of %(rule)s in the last 14 days") % {"rule": rule.key}
    since = at - timedelta(days=selectors.DAYS)
    return svg.lines([values], since=since, until=at, label=words, words=rule.in_words, bound=rule.threshold)
