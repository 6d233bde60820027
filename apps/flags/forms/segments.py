"""Segments and their members."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.flags.forms.fields import ReasonField, VersionField
from apps.flags.models import Segment
from apps.flags.services.segments import read_members

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Segment]
else:  # Django's class takes no parameter when it runs
    ModelForm = forms.ModelForm


class NewSegmentForm(ModelForm):
    class Meta:
        model = Segment
        fields = ["key", "name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"key": _("Rules and contexts name it, so it stays as it is: for example beta-testers.")}

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if Segment.objects.filter(project=self.instance.project, key=key).exists():
            raise ValidationError(_("A segment with this key exists already."))
        return key


class EditSegmentForm(ModelForm):
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

    def clean_targeting_keys(self) -> set[str]:
        try:
            return read_members(self.cleaned_data["targeting_keys"].splitlines())
        except ValidationError as error:
            raise ValidationError(error.messages) from error
