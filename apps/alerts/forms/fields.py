"""Fields for numbers, label names and matchers. No rule about their size lives here."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.alerts.domain.labels import Match
from apps.core.fields import LONGEST

PARTS = ("label", "match", "value")
MATCHES = [
    (Match.EQUAL.value, _("is")),
    (Match.NOT_EQUAL.value, _("is not")),
    (Match.REGEX.value, _("matches the pattern")),
    (Match.NOT_REGEX.value, _("does not match the pattern")),
]


class NumberField(forms.FloatField):
    """A number as people write it: 5, not 5.0."""

    widget = forms.NumberInput(attrs={"step": "any"})

    def prepare_value(self, value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < LONGEST else value


class NamesField(forms.CharField):
    """Names of labels, apart by commas or spaces."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(value)

    def clean(self, value: Any) -> Any:
        return [name for name in re.split(r"[\s,]+", super().clean(value)) if name]


class MatchersInput(forms.Widget):
    """Drawn by alerts/parts/matchers.html: the same three names in each row, so that rows can be added and removed."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        """Rows without a label and a value do not count."""
        columns = [data.getlist(f"{name}-{part}") for part in PARTS]
        rows = [dict(zip(PARTS, row, strict=True)) for row in zip(*columns, strict=False)]
        typed = [row | {"label": row["label"].strip()} for row in rows]
        return [row for row in typed if row["label"] or row["value"]]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class MatchersField(forms.Field):
    widget = MatchersInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> "BoundMatchers":
        return BoundMatchers(form, self, field_name)


class Row(NamedTuple):
    number: int
    label: str
    match: str
    value: str
    wrong: frozenset[str]  # of its parts


class BoundMatchers(forms.BoundField):
    widget_type = "matchers"
    choices = MATCHES

    @property
    def rows(self) -> Iterator[Row]:
        """What was typed, and a row to type more."""
        wrong: set[tuple[int, str]] = getattr(self.form, "wrong", {}).get(self.name, set())
        typed: list[Mapping[str, str]] = list(self.value() or ())
        spare = getattr(self.form, "spare", {}).get(self.name, 1)
        for n, row in enumerate([*typed, *[{}] * spare]):
            faults = frozenset(part for place, part in wrong if place == n)
            yield Row(n + 1, row.get("label", ""), row.get("match", ""), row.get("value", ""), faults)


class LabelsField(forms.CharField):
    """Labels as in `host=web-1`, one a line or apart by commas."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "code-input", "spellcheck": "false", "autocapitalize": "off"})

    def clean(self, value: Any) -> Any:
        found: dict[str, str] = {}
        for part in re.split(r"[\n,]+", super().clean(value)):
            name, equals, text = part.partition("=")
            if part.strip() and not equals:
                raise ValidationError(_('"%s" is not of the form label=value.') % part.strip())
            if name.strip():
                found[name.strip()] = text.strip().strip('"')
        return found
