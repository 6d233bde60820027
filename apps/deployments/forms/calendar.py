"""A freeze, and ending one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import MomentInput, ReasonField, VersionField


class FreezeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Such as Black Friday."))
    reason = ReasonField(required=True)
    starts_at = forms.DateTimeField(label=_("From (UTC, empty: now)"), required=False, widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Until (UTC)"), widget=MomentInput())
    everywhere = forms.BooleanField(label=_("In every environment of the project"), required=False)

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        for path, messages in problems.items():
            name = path if path in self.fields else None
            self.add_error(name, messages if name else [f"{path}: {words}" for words in messages])


class EndForm(forms.Form):
    version = VersionField()

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)
