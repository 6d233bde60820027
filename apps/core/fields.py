"""Form fields that several apps use."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


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
