"""Form fields that several apps use."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

UNITS = {"s": (1, _("seconds")), "m": (60, _("minutes")), "h": (3_600, _("hours")), "d": (86_400, _("days"))}
PERCENT = 1_000  # of the weights, which are out of 100,000
LONGEST = 10**9  # seconds that are worth reading; how many make sense is the domain's to say


class ReasonField(forms.CharField):
    """Why somebody does this. Kept in the audit trail."""

    def __init__(self, *, required: bool, **options: Any) -> None:
        super().__init__(
            label=_("Reason") if required else _("Reason (optional)"),
            required=required,
            max_length=1_000,
            widget=forms.Textarea(attrs={"rows": 2}),
            error_messages={"required": _("Say why, so that others understand this later.")},
            **options,
        )


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a day and a time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class VersionField(forms.IntegerField):
    """The version that the person looked at."""

    def __init__(self) -> None:
        super().__init__(
            widget=forms.HiddenInput,
            error_messages={
                "required": _("The form lost its version. Open the page again."),
                "invalid": _("The form lost its version. Open the page again."),
            },
        )


def indented(value: object) -> str:
    """JSON on many lines, as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


class JsonObjectField(forms.CharField):
    """A JSON object, typed. What is at fault is told with its line and column."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 18, "class": "definition", "spellcheck": "false"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return {}
        try:
            found = json.loads(text)
        except ValueError as error:
            place = getattr(error, "msg", "no JSON"), getattr(error, "lineno", 1), getattr(error, "colno", 1)
            raise ValidationError(_("This is not JSON: %s, line %d, column %d.") % place) from None
        if not isinstance(found, dict):
            raise ValidationError(_("This has to be a JSON object."))
        return found


class DurationInput(forms.MultiWidget):
    use_fieldset = False

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "step": "any"})
        unit = forms.Select(choices=[(name, words) for name, (_size, words) in UNITS.items()])
        unit.attrs["aria-label"] = _("Unit")
        super().__init__({"": number, "unit": unit})

    def decompress(self, value: Any) -> list[Any]:
        """In the largest unit that needs no fraction."""
        if value is None:
            return [None, "m"]
        fits = [name for name, (size, _words) in UNITS.items() if value % size == 0]
        name = fits[-1] if value else "m"
        return [value // UNITS[name][0], name]


class DurationField(forms.Field):
    """A number and its unit; seconds come out."""

    widget = DurationInput

    def to_python(self, value: Any) -> int | None:
        if not isinstance(value, list | tuple):
            return None if value is None else int(value)
        number, unit = value
        if not (number or "").strip():
            return None
        try:
            count, size = Decimal(number), UNITS[unit or "s"][0]
        except (InvalidOperation, KeyError):
            raise ValidationError(_("Enter a number.")) from None
        if not count.is_finite() or not -LONGEST <= count <= LONGEST:
            raise ValidationError(_("This is too long."))
        seconds = count * size
        if seconds != int(seconds):
            raise ValidationError(_("This has to be a whole number of seconds."))
        return int(seconds)


class PercentField(forms.DecimalField):
    """A share typed in per cent, read as a weight out of 100,000."""

    def __init__(self, **options: Any) -> None:
        messages = {
            "min_value": _("A share is at least 0 %%."),
            "max_value": _("A share is at most 100 %%."),
            "max_decimal_places": _("A share has at most 3 decimals."),
            "invalid": _("Type a number such as 25 or 0.5."),
            "required": _("Type a number such as 25 or 0.5."),
        }
        super().__init__(min_value=0, max_value=100, max_digits=6, decimal_places=3, error_messages=messages, **options)

    def clean(self, value: Any) -> Any:
        percent = super().clean(value.replace(",", ".") if isinstance(value, str) else value)
        return None if percent is None else int(percent * PERCENT)

    def prepare_value(self, value: Any) -> Any:
        """A weight as an initial value; what somebody typed stays as it is."""
        return percent_text(value) if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "step": "any", "inputmode": "decimal"}


class WordsField(forms.CharField):
    """Words between commas, each once."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        words = [word.strip() for word in super().clean(value).split(",")]
        return list(dict.fromkeys(filter(None, words)))


def percent_text(weight: int) -> str:
    """25000 as "25", 500 as "0.5": the form of a number input."""
    return f"{Decimal(weight) / PERCENT:f}"
