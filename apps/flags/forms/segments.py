"""Segments and their members."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.flags.forms.fields import ReasonField, VersionField
from apps.flags.models import Segment


class NewSegmentForm(forms.ModelForm[Segment]):
    class Meta:
        model = Segment
        fields = ["key", "name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"key": _("Rules and contexts name it, so it stays as it is: for example beta-testers.")}


class EditSegmentForm(forms.ModelForm[Segment]):
    version = VersionField()

    class Meta:
        model = Segment
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class MembersForm(forms.Form):
    version = VersionField()
    targeting_keys = forms.CharField(
        label=_("Members"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=_("One targeting key per line, as your apps send it. Empty lines do not count."),
    )

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)

    @property
    def lines(self) -> list[str]:
        return str(self.cleaned_data["targeting_keys"]).splitlines()
