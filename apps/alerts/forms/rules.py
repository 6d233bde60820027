"""The form of an alert rule, field by field; and the same rule as JSON. Both end in one definition."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.alerts.domain.limits import DAY, MAX_KEY_LENGTH, MAX_TEXT_LENGTH
from apps.alerts.domain.rules import Baseline, Comparison, NoData
from apps.alerts.forms import definitions
from apps.alerts.forms.definitions import CONFIG, EACH, TOGETHER
from apps.alerts.forms.fields import MatchersField, NamesField, NumberField
from apps.alerts.forms.groups import (
    ACROSS,
    AGGREGATES,
    GROUPS,
    NO_DATA,
    RESPONSE,
    RESPONSE_GUARDS,
    UNITS,
    Shown,
    choices,
)
from apps.alerts.forms.rows import RowsForm
from apps.alerts.models import AlertRule, Severity
from apps.alerts.responses import KINDS, LIMITS
from apps.core.domain.units import Unit
from apps.core.fields import DurationField, JsonObjectField, ReasonField, VersionField, indented


class RuleForm(RowsForm):
    mode = "form"
    version = VersionField()
    name = forms.CharField(
        label=lazy("Name"), max_length=150, help_text=lazy("It heads the notice: say what is wrong when it fires.")
    )
    key = forms.CharField(
        label=lazy("Key"),
        required=False,
        max_length=MAX_KEY_LENGTH,
        help_text=lazy("Routes and silences know it by this. Left empty it is made from the name. It stays."),
    )
    severity = forms.ChoiceField(label=lazy("Severity"), choices=Severity.choices, initial=Severity.WARNING)
    description = forms.CharField(
        label=lazy("Description"),
        required=False,
        max_length=MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy("What to do about it. Every notice shows it."),
    )
    enabled = forms.BooleanField(label=lazy("Judge this rule"), required=False, initial=True)
    metric = forms.CharField(
        label=lazy("Metric"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "metric-names", "autocomplete": "off", "spellcheck": "false"}),
    )
    aggregate = forms.ChoiceField(label=lazy("Of it"), choices=choices(AGGREGATES), initial="avg")
    window_seconds = DurationField(label=lazy("Over the last"), initial=300)
    matchers = MatchersField(label=lazy("Only series whose labels fit"))
    across = forms.ChoiceField(
        label=lazy("Alerts"), choices=choices(ACROSS), widget=forms.RadioSelect, initial=EACH, required=True
    )
    across_labels = NamesField(
        label=lazy("Labels to put series together by"), required=False, help_text=lazy("Such as host, region.")
    )
    denominator_metric = forms.CharField(
        label=lazy("Metric to divide by"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "metric-names", "autocomplete": "off", "spellcheck": "false"}),
    )
    denominator_minimum = NumberField(
        label=lazy("Only if that grew by at least"),
        required=False,
        help_text=lazy("Over the window. One failure of two requests is no news."),
    )
    denominator_matchers = MatchersField(label=lazy("Only of it whose labels fit"))
    comparison = forms.ChoiceField(
        label=lazy("Fires when the value is"), choices=[(one.value, one.words) for one in Comparison]
    )
    threshold = NumberField(label=lazy("Threshold"))
    unit = forms.ChoiceField(label=lazy("Unit"), choices=choices(UNITS), initial=Unit.NUMBER.value)
    for_seconds = DurationField(
        label=lazy("For at least"), required=False, initial=0, help_text=lazy("0: it fires at once.")
    )
    baseline = forms.ChoiceField(
        label=lazy("Compare with"),
        required=False,
        choices=[("", lazy("nothing")), *((one.value, one.words) for one in Baseline)],
    )
    baseline_minimum = NumberField(
        label=lazy("Only if that was at least"),
        required=False,
        help_text=lazy("In the metric's unit. From 2 users to 1 is a drop by half, and no news."),
    )
    recovery_threshold = NumberField(
        label=lazy("Well again only beyond"),
        required=False,
        help_text=lazy("Closer to good than the threshold, so that a value at the edge does not ring twice."),
    )
    keep_firing_for_seconds = DurationField(label=lazy("Goes on firing for"), required=False, initial=0)
    no_data = forms.ChoiceField(
        label=lazy("Without a value"), choices=choices(NO_DATA), widget=forms.RadioSelect, initial=NoData.OK.value
    )
    forget_seconds = DurationField(
        label=lazy("Forget a series after"),
        required=False,
        initial=DAY,
        help_text=lazy("Without data for so long it is gone for good."),
    )
    pair = forms.CharField(
        label=lazy("Pair"),
        required=False,
        help_text=lazy("Of the rules that share this word, the most severe one that fires mutes the others."),
    )
    guard = forms.CharField(
        label=lazy("Guard"),
        required=False,
        help_text=lazy("Rollouts that name this guard go on only while the rule is well."),
    )
    response_kind = forms.ChoiceField(label=lazy("When it fires"), required=False)
    response_dry_run = forms.BooleanField(
        label=lazy("Dry run: say what it would do, and do nothing"), required=False, initial=True
    )
    response_cooldown_seconds = DurationField(
        label=lazy("Then not again for"), required=False, initial=LIMITS["cooldown_seconds"]
    )
    response_daily_budget = forms.IntegerField(
        label=lazy("Times a day, at most"), required=False, min_value=0, initial=LIMITS["daily_budget"]
    )
    response_changed_within_seconds = DurationField(
        label=lazy("Only what was changed in the last"), required=False, initial=LIMITS["changed_within_seconds"]
    )
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, row: AlertRule | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept_key = row.key if row else ""
        if row:
            del self.fields["key"]
        self.fields["response_kind"].choices = _kinds()  # type: ignore[attr-defined]
        self._config = list(dict.fromkeys(name for kind in KINDS.values() for name in (*kind.fields, *kind.optional)))
        for name in self._config:
            widget = forms.TextInput(attrs={"list": f"known-{name}", "autocomplete": "off"})
            self.fields[f"{CONFIG}{name}"] = forms.CharField(
                label=name.replace("_", " ").capitalize(), required=False, widget=widget
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        given["key"] = self._kept_key or given.get("key") or definitions.key_from(given.get("name", ""))
        across, labels = given.get("across"), given.get("across_labels")
        if across == TOGETHER and not labels:
            self.add_error("across_labels", _("Name at least one label."))
        elif across != TOGETHER and labels:
            self.add_error("across_labels", _("Choose to put series together by these labels, or empty this."))
        return given

    def rule(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its definition and its response, of a form that is valid."""
        return definitions.definition_of(self.cleaned_data), definitions.response_of(self.cleaned_data)

    def place_of(self, path: str) -> str:
        return definitions.place_of(path)

    def groups(self) -> Iterator[Shown]:
        config = tuple(f"{CONFIG}{name}" for name in self._config)
        acting = RESPONSE._replace(names=(RESPONSE.names[0], *config, *RESPONSE.names[1:]))
        for group in (*GROUPS, acting, RESPONSE_GUARDS):
            fields = [self[name] for name in group.names if name in self.fields]
            yield Shown(group, fields, not group.folded or any(self._in_use(field) for field in fields))

    def _in_use(self, bound: forms.BoundField) -> bool:
        return bool(bound.errors) or bound.field.has_changed(bound.field.initial, bound.value())


def _kinds() -> list[tuple[str, str]]:
    acts = [
        (kind.name, _("it %(does)s the %(what)s below") % {"does": kind.words, "what": ", ".join(kind.fields)})
        for kind in KINDS.values()
    ]
    return [("", _("nothing happens by itself")), *acts]


class JsonRuleForm(forms.Form):
    mode = "json"
    version = VersionField()
    definition = JsonObjectField(label=lazy("Rule (JSON)"))
    response = JsonObjectField(
        label=lazy("Response (JSON)"),
        required=False,
        help_text=lazy('What it does by itself, such as {"kind": "kill_flag", "flag": "checkout-v2"}.'),
    )
    enabled = forms.BooleanField(label=lazy("Judge this rule"), required=False, initial=True)
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, row: AlertRule | None = None, **options: Any) -> None:
        super().__init__(*args, **options)

    def rule(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.cleaned_data["definition"], self.cleaned_data["response"] or {}

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        for path, messages in problems.items():
            self.add_error("response" if path.startswith("response") else "definition", f"{path}: {messages[0]}")

    @staticmethod
    def given_of(definition: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
        return {"definition": indented(definition), "response": indented(response) if response else ""}
