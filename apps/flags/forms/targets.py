"""What single users get, and which flags another flag waits for: their editors' rows, and adding one user quickly."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.fields import VersionField
from apps.core.forms import SPARE_ROWS, Rows
from apps.flags.domain.engine.definitions import Override, Prerequisite
from apps.flags.domain.engine.limits import MAX_OVERRIDES, MAX_PREREQUISITES, MAX_UNIT_LENGTH
from apps.flags.forms.fields import choices
from apps.flags.forms.moments import MomentField

MOMENT = "%Y-%m-%dT%H:%M:%S"
LASTS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


class OverrideForm(forms.Form):
    variant = forms.ChoiceField(label=_("Variant"), required=False)
    targeting_keys = forms.CharField(
        label=_("Targeting keys"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("One user per line."),
    )
    expires_at = MomentField(label=_("Expires at (UTC)"), required=False, help_text=_("Empty means never."))

    def __init__(self, *args: Any, variants: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["variant"].choices = [("", _("Choose")), *choices(variants)]  # type: ignore[attr-defined]

    def clean_targeting_keys(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["targeting_keys"].splitlines()]
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_UNIT_LENGTH:
                words = _("Line %(number)d: a targeting key has at most %(count)d characters.")
                raise ValidationError(words, params={"number": number, "count": MAX_UNIT_LENGTH})
        return tuple(dict.fromkeys(filter(None, lines)))

    def read(self) -> Override | None:
        """None for a row without users."""
        given = self.cleaned_data
        if self.errors or not given.get("targeting_keys"):
            return None
        if not given["variant"]:
            self.add_error("variant", _("Choose what these users get."))
            return None
        return Override(given["variant"], given["targeting_keys"], given["expires_at"])


class Overrides(Rows):
    form, prefix, at_most = OverrideForm, "overrides", MAX_OVERRIDES + SPARE_ROWS

    def __init__(self, data: Any = None, *, variants: Sequence[str], initial: Sequence[Override] = ()) -> None:
        super().__init__(data, initial=self.rows_of(initial), variants=variants)

    def read(self) -> tuple[Override, ...] | None:
        found = tuple(self.collect(lambda row: row.read()))
        return None if self.at_fault else found

    @staticmethod
    def rows_of(overrides: Sequence[Override]) -> list[dict[str, Any]]:
        return [
            {
                "variant": one.variant,
                "targeting_keys": "\n".join(one.targeting_keys),
                "expires_at": one.expires_at.strftime(MOMENT) if one.expires_at else "",
            }
            for one in overrides
        ]


class PrerequisiteForm(forms.Form):
    flag = forms.CharField(
        label=_("Flag"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"list": "flag-keys", "autocomplete": "off", "spellcheck": "false"}),
    )
    variants = forms.CharField(
        label=_("Has to serve"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One of these variants, with commas between them."),
    )

    def read(self) -> Prerequisite | None:
        """None for an empty row."""
        flag, text = self.cleaned_data.get("flag", ""), self.cleaned_data.get("variants", "")
        if self.errors or not (flag or text):
            return None
        variants = tuple(dict.fromkeys(filter(None, (word.strip() for word in text.split(",")))))
        if not flag:
            self.add_error("flag", _("Name the flag to wait for."))
        if not variants:
            self.add_error("variants", _("Name the variants that count, such as on."))
        return None if self.errors else Prerequisite(flag, variants)


class Prerequisites(Rows):
    form, prefix, at_most = PrerequisiteForm, "prerequisites", MAX_PREREQUISITES + SPARE_ROWS

    def __init__(self, data: Any = None, *, initial: Sequence[Prerequisite] = ()) -> None:
        super().__init__(data, initial=self.rows_of(initial))

    def read(self) -> tuple[Prerequisite, ...] | None:
        found = tuple(self.collect(lambda row: row.read()))
        return None if self.at_fault else found

    @staticmethod
    def rows_of(prerequisites: Sequence[Prerequisite]) -> list[dict[str, Any]]:
        return [{"flag": one.flag, "variants": ", ".join(one.variants)} for one in prerequisites]


class QuickOverrideForm(forms.Form):
    """One user, one variant, for a while."""

    prefix = "override"
    version = VersionField()
    user = forms.CharField(label=_("Targeting key"), max_length=MAX_UNIT_LENGTH)
    variant = forms.ChoiceField(label=_("Gets"))
    lasts = forms.ChoiceField(
        label=_("For"),
        choices=[("hour", _("1 hour")), ("day", _("1 day")), ("week", _("1 week")), ("never", _("ever"))],
        initial="day",
    )

    def __init__(self, *args: Any, variants: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["variant"].choices = choices(variants)  # type: ignore[attr-defined]

    def expires_at(self, at: datetime) -> datetime | None:
        lasts = LASTS.get(self.cleaned_data["lasts"])
        return (at + lasts).replace(microsecond=0) if lasts else None
