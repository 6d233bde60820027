"""What a service is, and its checklist, as people type them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.fields import ReasonField, VersionField
from apps.core.forms import KeyField, Rows
from apps.deployments.domain.checklist_parsing import MAX_ITEMS, MAX_KEY_LENGTH, MAX_WORDS_LENGTH
from apps.deployments.domain.checklists import Item, Phase
from apps.deployments.domain.standard_items import STANDARD_ITEMS

PHASES = {
    Phase.FIRST: lazy("Before the first deployment"),
    Phase.BEFORE: lazy("Before each deployment"),
    Phase.AFTER: lazy("After each deployment"),
}
DROP, KEEP, REQUIRE = "drop", "keep", "require"
CHOICES = [(DROP, lazy("Dropped")), (KEEP, lazy("Shown")), (REQUIRE, lazy("Required"))]
CHECKLIST = "checklist"
STANDARD = frozenset(item.key for item in STANDARD_ITEMS)


class ServiceForm(forms.Form):
    name = forms.CharField(label=lazy("Name"), max_length=100)
    description = forms.CharField(
        label=lazy("Description"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    repository_url = forms.URLField(label=lazy("Repository"), required=False, max_length=200, assume_scheme="https")

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        for path, messages in problems.items():
            name = path if path in self.fields else None
            self.add_error(name, messages if name else [f"{path}: {words}" for words in messages])


class NewServiceForm(ServiceForm):
    key = KeyField()
    field_order = ("name", "key")


class EditServiceForm(ServiceForm):
    version = VersionField()
    reason = ReasonField(required=False)


class ChecklistForm(forms.Form):
    """One choice for each standard item: whether it is dropped, shown or required."""

    version = VersionField()
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, items: Sequence[Item], **options: Any) -> None:
        super().__init__(*args, **options)
        kept = {item.key: item for item in items}
        for item in STANDARD_ITEMS:
            self.fields[item.key] = forms.ChoiceField(
                label=item.words,
                choices=CHOICES,
                initial=_choice(kept.get(item.key)),
                help_text=item.source.words if item.source else _("a person ticks it"),
            )

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (str(words), [self[item.key] for item in STANDARD_ITEMS if item.phase is phase])
            for phase, words in PHASES.items()
        ]

    def standard(self) -> list[dict[str, Any]]:
        """The standard items that are kept, as JSON."""
        chosen = {item.key: self.cleaned_data[item.key] for item in STANDARD_ITEMS}
        return [{"key": key, "required": choice == REQUIRE} for key, choice in chosen.items() if choice != DROP]


class OwnItemForm(forms.Form):
    key = forms.CharField(label=lazy("Key"), required=False, max_length=MAX_KEY_LENGTH)
    words = forms.CharField(label=lazy("What has to be so"), required=False, max_length=MAX_WORDS_LENGTH)
    phase = forms.ChoiceField(
        label=lazy("When"),
        choices=[(phase.value, words) for phase, words in PHASES.items()],
        initial=Phase.BEFORE.value,
    )
    required = forms.BooleanField(label=lazy("Required"), required=False)

    def read(self) -> dict[str, Any] | None:
        given = self.cleaned_data
        if self.errors or not (given.get("words") or given.get("key")):
            return None
        if given["key"] in STANDARD:
            self.add_error("key", _("a standard item has this key"))
            return None
        return {**given, "key": given["key"] or _key_from(given["words"])}


class OwnItems(Rows):
    """A row without words does not count. Its key is made of its words where none is typed."""

    form, prefix, at_most = OwnItemForm, "own", MAX_ITEMS

    def __init__(self, data: Any = None, *, initial: Iterable[Item] = ()) -> None:
        own = [item for item in initial if item.key not in STANDARD]
        names = ("key", "words", "phase", "required")
        super().__init__(data, initial=[{name: getattr(item, name) for name in names} for item in own])

    def read(self) -> list[dict[str, Any]]:
        return self.collect(lambda row: row.read())


def distribute(problems: Mapping[str, list[str]], form: ChecklistForm, own: OwnItems, standard: int) -> None:
    """A complaint about the list goes to the row that it is about; `standard` items are before the first row."""
    for path, messages in problems.items():
        place, _dot, rest = path.removeprefix(f"{CHECKLIST}[").partition("]")
        if path.startswith(f"{CHECKLIST}[") and place.isdecimal() and int(place) >= standard:
            for words in messages:
                own.add_fault(f"{own.prefix}[{int(place) - standard}]{rest}", words)
        else:
            form.add_error(None, [f"{path}: {words}" for words in messages])


def _choice(item: Item | None) -> str:
    return DROP if item is None else REQUIRE if item.required else KEEP


def _key_from(words: str) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else " " for one in words.lower())
    found = "_".join(plain.split())[:MAX_KEY_LENGTH].strip("_")
    return found if found[:1].isalpha() else f"item_{found}".rstrip("_")
