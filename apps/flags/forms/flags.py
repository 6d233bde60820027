"""What a flag is: its name, type and variants. What it serves is in states.py and rollout.py."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.fields import ReasonField, VersionField
from apps.core.forms import DateInput, Rows
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.locks import UnreadableLock, read_lock
from apps.flags.forms.fields import TagsField
from apps.flags.models import Flag
from apps.flags.models.flags import flag_key

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Flag]
else:  # Django's class takes no parameter when it runs
    ModelForm = forms.ModelForm

EXAMPLES = {
    FlagType.BOOLEAN: _("Type true or false."),
    FlagType.STRING: _("Type a text."),
    FlagType.INTEGER: _("Type a whole number such as 3."),
    FlagType.FLOAT: _("Type a number such as 0.5."),
    FlagType.OBJECT: _('Type a JSON object such as {"columns": 3}.'),
}


class FlagFieldsForm(ModelForm):
    tags = TagsField(required=False, label=_("Tags"), help_text=_("Words between commas, for example checkout, q3."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = get_user_model()._default_manager.filter(is_active=True, is_staff=True).order_by("username")
        self.fields["owner"] = forms.ModelChoiceField(
            people, label=_("Owner"), required=False, empty_label=_("Nobody"), initial=self.fields["owner"].initial
        )

    @property
    def flag_type(self) -> FlagType:
        return FlagType(self.instance.type)


class NewFlagForm(FlagFieldsForm):
    class Meta:
        model = Flag
        fields = ["key", "name", "description", "type", "tags", "owner", "client_exposed", "purpose", "expected_end"]
        widgets = {
            "type": forms.RadioSelect,
            "description": forms.Textarea(attrs={"rows": 2}),
            "expected_end": DateInput(),
        }
        help_texts = {"key": _("Your code asks for it, so it stays as it is: for example checkout-v2.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"].choices = Flag.Type.choices  # type: ignore[attr-defined]  # no blank one

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        taken = Flag.objects.filter(project=self.instance.project, key=key).first()
        if taken and taken.archived_at:
            raise ValidationError(_("An archived flag has this key. Restore it, or choose another key."))
        if taken:
            raise ValidationError(_("A flag with this key exists already."))
        return key

    @property
    def flag_type(self) -> FlagType:
        given = self.cleaned_data.get("type")
        return FlagType(given) if given else FlagType.STRING


class EditFlagForm(FlagFieldsForm):
    version = VersionField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=False)

    class Meta:
        model = Flag
        fields = ["name", "description", "tags", "owner", "client_exposed", "purpose", "expected_end"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2}), "expected_end": DateInput()}


class VariantForm(forms.Form):
    key = forms.CharField(label=_("Key"), required=False, max_length=100, validators=[flag_key])
    value = forms.CharField(
        label=_("Value"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 1, "spellcheck": "false"})
    )

    def read(self, flag_type: FlagType) -> tuple[str, object] | None:
        """Key and value, or None for an empty row; faults become this row's errors."""
        key, text = self.cleaned_data.get("key", ""), self.cleaned_data.get("value", "")
        if self.errors or (not key and not text):
            return None
        if not key:
            self.add_error("key", _("Give this variant a key."))
            return None
        try:
            typed = text if flag_type is FlagType.STRING else text.strip()
            return key, read_lock(typed, type=flag_type, variants=(), source="").value
        except UnreadableLock:
            self.add_error("value", EXAMPLES[flag_type])
            return None


class Variants(Rows):
    """The rows of the variants editor. A row without a key and a value does not count."""

    form, prefix, at_most = VariantForm, "variants", 60

    def __init__(self, data: Any = None, *, initial: Sequence[tuple[str, object]] = ()) -> None:
        super().__init__(data, initial=[{"key": key, "value": value_text(value)} for key, value in initial])

    def read(self, flag_type: FlagType) -> list[tuple[str, object]] | None:
        """The variants in their order, or None when a row is at fault."""
        variants: list[tuple[str, object]] = self.collect(lambda row: row.read(flag_type))
        self._refuse_repeats([key for key, _value in variants])
        return None if self.at_fault else variants

    def _refuse_repeats(self, keys: list[str]) -> None:
        for n, key in enumerate(keys):
            if key in keys[:n]:
                self.rows.forms[self.places[n]].add_error("key", _("Another variant has this key already."))


def value_text(value: object) -> str:
    """A value as the editor shows it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
