"""The editor of an alert rule: a form or JSON, tried on the past before it is saved."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.starter import ERROR_RATE_CRITICAL
from apps.alerts.forms import definitions
from apps.alerts.forms.rules import JsonRuleForm, RuleForm
from apps.alerts.models import AlertRule
from apps.alerts.pages.rules import find_rule
from apps.alerts.pages.tried import tried
from apps.alerts.pages.words import condition_of, condition_words
from apps.alerts.responses import read_response
from apps.core.pages import ScopedPage
from apps.core.services import StaleVersion
from apps.deployments import selectors as deployments
from apps.flags import selectors as flags
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.monitoring import selectors as monitoring

UNPROCESSABLE, CONFLICT = 422, 409
SUGGESTED = 500  # names in a list of suggestions
FORMS: Mapping[str, type[RuleForm] | type[JsonRuleForm]] = {"form": RuleForm, "json": JsonRuleForm}


class Editor(ScopedPage):
    template_name = "alerts/rule.html"
    row: AlertRule | None = None

    def show(self, form: RuleForm | JsonRuleForm, *, status: int = 200, **context: Any) -> HttpResponse:
        return self.render(
            status=status,
            form=form,
            crumbs=[(_("Alert rules"), self.url("rule-list"))],
            suggestions=self._suggestions() if form.mode == "form" else {},
            **self.about() | context,
        )

    def about(self) -> dict[str, Any]:
        return {"may_save": True}

    def form_of(self, mode: str, definition: Mapping[str, Any], response: Mapping[str, Any], **more: Any) -> Any:
        kind = FORMS[mode]
        given_of = JsonRuleForm.given_of if kind is JsonRuleForm else definitions.given_of
        return kind(initial=given_of(definition, response) | more, row=self.row)

    def attempt(self) -> HttpResponse:
        """Save, only try it, or only show it otherwise: the button says which. What is wrong is told at its field."""
        asked = self.request.POST
        form = FORMS["json" if asked.get("as") == "json" else "form"](asked, row=self.row)
        if isinstance(form, RuleForm) and asked.get("more") in form.fields:
            form.more(asked["more"])
            return self.show(form)
        if not form.is_valid():
            return self.show(form, status=UNPROCESSABLE)
        try:
            return self._done(form)
        except ValidationError as error:
            form.refuse(error.message_dict)
            return self.show(form, status=UNPROCESSABLE)
        except StaleVersion as stale:
            form.add_error(None, _("Somebody saved this rule while you were here. Saving again replaces it."))
            form.data = asked.copy()
            form.data["version"] = str(stale.found)
            return self.show(form, status=CONFLICT)

    def _done(self, form: RuleForm | JsonRuleForm) -> HttpResponse:
        if "switch" in self.request.POST:
            return self.show(self._switched(form))
        if "try" in self.request.POST:
            return self.show(form, **self._tried(services.read_rule(form.rule()[0])))
        return HttpResponseRedirect(self.url("rule-detail", key=self.save(form).key))

    def save(self, form: RuleForm | JsonRuleForm) -> AlertRule:
        """The one service call, with what `signed` gives."""
        raise NotImplementedError

    def signed(self, form: RuleForm | JsonRuleForm) -> dict[str, Any]:
        definition, response = form.rule()
        given = {name: form.cleaned_data[name] for name in ("enabled", "reason")}
        return {"definition": definition, "response": response, **given, "actor": self.actor, "at": self.at}

    def _switched(self, form: RuleForm | JsonRuleForm) -> RuleForm | JsonRuleForm:
        """The other mode with what was typed in this one."""
        definition, response = form.rule()
        try:
            shown = dump_rule(parse_rule(definition)), read_response(response)
        except InvalidDefinition as fault:
            raise services.InvalidRule({fault.path: [fault.message]}) from None
        kept = {name: form.cleaned_data[name] for name in ("version", "enabled", "reason")}
        switched: RuleForm | JsonRuleForm = self.form_of("form" if form.mode == "json" else "json", *shown, **kept)
        return switched

    def _tried(self, rule: Rule) -> dict[str, Any]:
        result, values = selectors.tried(self.environment.pk, rule, at=self.at)
        return {"tried": tried(rule, result, values, self.at), "condition": condition_words(rule)}

    def _suggestions(self) -> dict[str, list[str]]:
        """By the id of the list."""
        return {
            "metric-names": [one["name"] for one in monitoring.metric_names(self.environment)[:SUGGESTED]],
            "known-flag": [flag.key for flag in flags.flags(self.project)[:SUGGESTED]],
            "known-service": [row.key for row in deployments.services(self.project)[:SUGGESTED]],
            "known-channel": [row.key for row in selectors.channels(self.project)[:SUGGESTED]],
        }


class NewRulePage(Editor):
    title = gettext_lazy("New alert rule")
    permission = "alerts.add_alertrule"

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("as") == "json":
            example = dump_rule(ERROR_RATE_CRITICAL) | {"key": "my_rule"}
            return self.show(self.form_of("json", example, {}, version=1))
        return self.show(RuleForm(initial={"version": 1, "metric": request.GET.get("metric", "")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.attempt()

    def save(self, form: RuleForm | JsonRuleForm) -> AlertRule:
        return services.create_rule(environment_id=self.environment.pk, **self.signed(form))


class RulePage(Editor):
    permission = "alerts.view_alertrule"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.row = find_rule(self, key)
        mode = "json" if request.GET.get("as") == "json" or not _readable(row) else "form"
        return self.show(self.form_of(mode, row.definition, row.response, enabled=row.enabled, version=row.version))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        self.row = find_rule(self, key)
        return self.refuse("alerts.change_alertrule") or self.attempt()

    def save(self, form: RuleForm | JsonRuleForm) -> AlertRule:
        assert self.row is not None
        version = form.cleaned_data["version"]
        return services.update_rule(rule_id=self.row.pk, expected_version=version, **self.signed(form))

    def about(self) -> dict[str, Any]:
        row = self.row
        assert row is not None
        return {
            "title": row.name,
            "rule": row,
            "condition": condition_of(row),
            "alerts": row.alerts.order_by("-fired_at")[:5],
            "may_save": self.request.user.has_perm("alerts.change_alertrule"),
            "may_delete": self.request.user.has_perm("alerts.delete_alertrule"),
        }


def _readable(row: AlertRule) -> bool:
    """One that is too old for the form is still there as JSON."""
    try:
        parse_rule(row.definition)
    except InvalidDefinition:
        return False
    return True
