"""Whom the live preview or an explanation is about. It keeps nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.flags.domain.engine.context import TARGETING_KEY, InvalidContext, check_context
from apps.flags.forms.moments import MomentField


class PreviewForm(forms.Form):
    user = forms.CharField(label=_("User id"), required=False, max_length=200)
    context = forms.CharField(
        label=_("More context (JSON)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": '{"groups": ["internal"]}'}),
    )

    def clean_context(self) -> Mapping[str, object]:
        text = self.cleaned_data["context"]
        if not text.strip():
            return {}
        try:
            return check_context(orjson.loads(text))
        except orjson.JSONDecodeError as error:
            raise ValidationError(
                _("This is not JSON: line %(line)d, column %(column)d."),
                params={"line": error.lineno, "column": error.colno},
            ) from error
        except InvalidContext as error:
            raise ValidationError(error.details) from error

    @property
    def asked(self) -> dict[str, Any] | None:
        """The context to explain, or None when nobody was named."""
        user = self.cleaned_data.get("user", "")
        context = dict(self.cleaned_data.get("context", {}))
        if user:
            context[TARGETING_KEY] = user
        return context or None


class ExplainForm(PreviewForm):
    """Sent by GET, so that an explanation can be shared by its address."""

    at = MomentField(
        label=_("Moment (UTC)"), required=False, help_text=_("Empty means now. The past is told as it was.")
    )

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > self.now:
            raise ValidationError(_("This moment has not come yet. Leave it empty to ask about now."))
        return at
