"""Rules and conditions typed as JSON, which is what the builder sends too. Each fault keeps the path it is about."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.fields import VersionField
from apps.flags.domain.engine.definitions import Condition, Flag, FlagStatus, InvalidDefinition
from apps.flags.domain.engine.parsing import dump_condition, dump_rules, parse_condition, parse_rules
from apps.flags.domain.engine.validation import Problem, validate_flag
from apps.flags.domain.references import unknown_in_rules, unknown_segments
from apps.flags.domain.transitions import Change
from apps.flags.forms.fields import choices

VARIANTS = {"default_variant": _("Everybody else gets"), "off_variant": _("When off, everyone gets")}
SERVED = ("rules", *VARIANTS)  # the part of a flag that is judged here


class DefinitionField(forms.CharField):
    """JSON, read into a part of a definition. An error's code is the path of what is wrong."""

    def __init__(self, read: Callable[[Any], Any], **options: Any) -> None:
        attrs = {"rows": 18, "spellcheck": "false", "autocapitalize": "off", "class": "code-area"}
        super().__init__(strip=False, widget=forms.Textarea(attrs=attrs), **options)
        self.read = read

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return self.read(None)
        try:
            return self.read(orjson.loads(text))
        except orjson.JSONDecodeError as error:
            words = _("This is not JSON: line %(line)d, column %(column)d.")
            raise ValidationError(words, params={"line": error.lineno, "column": error.colno}, code="") from error
        except InvalidDefinition as error:
            raise _fault(error.path, error.message) from error


class RulesForm(forms.Form):
    """All that a flag serves in one environment. Valid, it holds the `change` that brings it about."""

    version = VersionField()
    rules = DefinitionField(lambda raw: parse_rules([] if raw is None else raw), label=_("Rules"), required=False)

    def __init__(self, *args: Any, flag: Flag, segments: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.flag, self.segments = flag, segments
        self.fields["rules"].initial = text_of(dump_rules(flag.rules))
        variants = choices(variant.key for variant in flag.variants)
        for name, label in (
            ("default_variant", _("Everybody else gets")),
            ("off_variant", _("When off, everyone gets")),
        ):
            self.fields[name] = forms.ChoiceField(label=label, choices=variants, initial=getattr(flag, name))
        if flag.status is FlagStatus.OFF:
            self.fields["turn_on"] = forms.BooleanField(
                label=_("Turn the flag on with these rules"), required=False, initial=True
            )

    @property
    def change(self) -> Change:
        given = {name: self.cleaned_data[name] for name in SERVED}
        return Change(status=FlagStatus.ON if self.cleaned_data.get("turn_on") else None, **given)

    @property
    def raw(self) -> object:
        """The JSON that was typed, whether or not it makes rules; None when it is no JSON."""
        try:
            return orjson.loads(self["rules"].value() or "[]")
        except orjson.JSONDecodeError:
            return None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            after = replace(self.flag, **self.change.given())
            judge(self, (*unknown_in_rules(after.rules, self.segments), *validate_flag(after)))
        return given


class SegmentRuleForm(forms.Form):
    """Who belongs to a segment by rule. Valid, `condition` says so; None adds nobody."""

    version = VersionField()
    rule = DefinitionField(lambda raw: parse_condition(raw, "rule"), label=_("Rule"), required=False)

    def __init__(self, *args: Any, present: Condition | None, segments: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.segments = segments
        self.fields["rule"].initial = text_of(dump_condition(present)) if present else ""

    @property
    def condition(self) -> Condition | None:
        condition: Condition | None = self.cleaned_data["rule"]
        return condition

    def clean_rule(self) -> Condition | None:
        problems = [_fault(*problem) for problem in unknown_segments("rule", self.condition, self.segments)]
        if problems:
            raise ValidationError(problems)
        return self.condition


def judge(form: forms.Form, problems: Iterable[Problem]) -> None:
    """Puts each problem of what is typed here at its field; what is wrong elsewhere in the flag is not said here."""
    for path, message in problems:
        if path.startswith(SERVED):
            form.add_error(path if path in form.fields else "rules", _fault(path, message))


def faults(form: forms.Form, name: str) -> list[Problem]:
    """Of one field, in the order in which its errors are listed. What has no place has an empty path."""
    errors = form.errors.as_data().get(name, [])
    return [(error.code or "", str((error.params or {}).get("said", " ".join(error.messages)))) for error in errors]


def text_of(raw: object) -> str:
    return orjson.dumps(raw, option=orjson.OPT_INDENT_2).decode()


def _fault(path: str, message: str) -> ValidationError:
    return ValidationError("%(path)s: %(said)s", code=path, params={"path": path, "said": message})
