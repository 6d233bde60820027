"""Moments as people type them, always in UTC."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

INVALID = _("Type a date and a time such as 2026-03-01 09:00.")


class MomentField(forms.DateTimeField):
    """The browser's own date and time input. An offset, where one is typed, is obeyed."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
        super().__init__(widget=widget, error_messages={"invalid": INVALID}, **options)

    def clean(self, value: Any) -> datetime | None:
        moment = super().clean(value)
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(INVALID) from error
