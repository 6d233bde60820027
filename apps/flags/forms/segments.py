"""Segments and their members."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.fields import ReasonField, VersionField
from apps.flags.domain.members import FILE_LIMIT, Mode, UnreadableMembers, read_csv, read_lines
from apps.flags.models import Segment

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
    mode = forms.ChoiceField(choices=[(mode, mode) for mode in Mode], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)

    def clean_targeting_keys(self) -> set[str]:
        return _read(lambda: read_lines(self.cleaned_data["targeting_keys"].splitlines()))

    def clean_mode(self) -> Mode:
        return Mode(self.cleaned_data["mode"] or Mode.REPLACE)


class ImportForm(forms.Form):
    """A file of targeting keys, and what it does to the members that are there."""

    version = VersionField()
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "At most 5 MB of UTF-8. The column targeting_key, id or user_id counts, or else the first one; commas, "
            "semicolons or tabs part columns."
        ),
    )
    mode = forms.ChoiceField(
        label=_("These users"),
        choices=[
            (Mode.ADD.value, _("join the members")),
            (Mode.REMOVE.value, _("leave the members")),
            (Mode.REPLACE.value, _("replace all members")),
        ],
        initial=Mode.ADD.value,
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> set[str]:
        file = self.cleaned_data["file"]
        if file.size > FILE_LIMIT:
            raise ValidationError(_("The file is larger than 5 MB. Split it, and add the parts one by one."))
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValidationError(_("The file is not UTF-8. Export it again as “CSV UTF-8”.")) from error
        return _read(lambda: read_csv(text))


def _read(read: Callable[[], set[str]]) -> set[str]:
    try:
        return read()
    except UnreadableMembers as error:
        told = [_("Line %(number)d: %(problem)s.") % {"number": n, "problem": problem} for n, problem in error.problems]
        if error.more:
            told.append(
                ngettext("%(more)d more line is bad.", "%(more)d more lines are bad.", error.more)
                % {"more": error.more}
            )
        raise ValidationError(told) from error
