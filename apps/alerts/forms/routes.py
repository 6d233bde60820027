"""The form of a route: which alerts, to which channels, and which of them share a notice."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.alerts.forms.fields import MatchersField, NamesField
from apps.alerts.forms.rows import RowsForm
from apps.alerts.models import Channel, Route
from apps.core.fields import ReasonField, VersionField

EACH, TOGETHER = "each", "labels"


class RouteForm(RowsForm):
    version = VersionField()
    key = forms.CharField(
        label=lazy("Key"), max_length=50, help_text=lazy("Every notice says which route chose its channel.")
    )
    matchers = MatchersField(
        label=lazy("Alerts whose labels fit"),
        help_text=lazy(
            "All rows have to fit; without rows every alert does. Beside the labels of its series an alert has "
            "alertname (the key of its rule), severity and environment."
        ),
    )
    channels = forms.MultipleChoiceField(
        label=lazy("Go to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("None: these alerts go nowhere, on purpose."),
    )
    grouping = forms.ChoiceField(
        label=lazy("Notices"),
        choices=[(TOGETHER, lazy("One for all that share these labels")), (EACH, lazy("One for each alert"))],
        widget=forms.RadioSelect,
        initial=TOGETHER,
    )
    group_by = NamesField(label=lazy("Labels to put alerts together by"), required=False, initial=["alertname"])
    continues = forms.BooleanField(label=lazy("Ask the routes below as well"), required=False)
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, channels: list[Channel], **options: Any) -> None:
        super().__init__(*args, **options)
        off = _("off")
        self.fields["channels"].choices = [  # type: ignore[attr-defined]
            (row.key, row.name if row.enabled else f"{row.name} ({off})") for row in channels
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if given.get("grouping") == EACH:
            given["group_by"] = None
        return given

    def given(self) -> dict[str, Any]:
        """The fields as the service takes them."""
        return {name: self.cleaned_data[name] for name in ("key", "matchers", "channels", "group_by", "continues")}


def initial_of(row: Route) -> Mapping[str, Any]:
    return {
        "version": row.version,
        "key": row.key,
        "matchers": row.matchers,
        "channels": row.channels,
        "grouping": EACH if row.group_by is None else TOGETHER,
        "group_by": row.group_by or [],
        "continues": row.continues,
    }
