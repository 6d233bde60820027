"""Fields that several forms of this app use."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.flags.domain.engine.limits import WEIGHT_TOTAL

PERCENT = WEIGHT_TOTAL // 100
MAX_TAGS = 20
MAX_TAG_LENGTH = 50


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


class TagsField(WordsField):
    def clean(self, value: Any) -> Any:
        tags = super().clean(value)
        if len(tags) > MAX_TAGS:
            raise ValidationError(_("A flag takes at most %(count)d tags."), params={"count": MAX_TAGS})
        if any(len(tag) > MAX_TAG_LENGTH for tag in tags):
            raise ValidationError(_("A tag has at most %(count)d characters."), params={"count": MAX_TAG_LENGTH})
        return tags


def percent_text(weight: int) -> str:
    """25000 as "25", 500 as "0.5": the form of a number input."""
    return f"{Decimal(weight) / PERCENT:f}"


def choices(keys: Iterable[str]) -> list[tuple[str, str]]:
    return [(key, key) for key in keys]
