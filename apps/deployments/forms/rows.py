"""Rows of a target: its smoke tests, and the stretches of its calendar."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import Rows
from apps.deployments.domain.calendar import WEEKDAYS
from apps.deployments.domain.calendar_parsing import MAX_REASON_LENGTH, MAX_STRETCHES
from apps.deployments.domain.smoke import MAX_LENGTH, MAX_TESTS

OPEN, AVOID, FREEZE = "windows", "avoid", "freezes"  # lists of the calendar's JSON
SHOWN = (OPEN, AVOID)


class SmokeForm(forms.Form):
    path = forms.CharField(label=_("Path"), required=False, max_length=500)
    status = forms.IntegerField(label=_("Answers with status"), required=False)
    contains = forms.CharField(label=_("Contains"), required=False, max_length=MAX_LENGTH, strip=False)

    def read(self) -> dict[str, Any] | None:
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return None if self.errors or not given else {"path": "", **given}


class Smoke(Rows):
    form, prefix, at_most = SmokeForm, "smoke", MAX_TESTS

    def read(self) -> list[dict[str, Any]]:
        return self.collect(lambda row: row.read())


class TimeInput(forms.TimeInput):
    input_type = "time"


class StretchForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Deployments"), choices=[(OPEN, _("may start")), (AVOID, _("are avoided"))], required=False
    )
    weekdays = forms.MultipleChoiceField(
        label=_("On"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(day, day[:3].title()) for day in WEEKDAYS],
    )
    from_ = forms.CharField(label=_("From"), required=False, max_length=5, widget=TimeInput())
    to = forms.CharField(
        label=_("To"), required=False, max_length=5, widget=TimeInput(), help_text=_("00:00: to the day's end.")
    )
    zone = forms.CharField(label=_("Time zone"), required=False, max_length=64)
    reason = forms.CharField(
        label=_("Why not"),
        required=False,
        max_length=MAX_REASON_LENGTH,
        help_text=_("Where they are avoided."),
    )

    def read(self) -> tuple[str, dict[str, Any]] | None:
        """The list that it belongs to, and its JSON; None for an empty row."""
        given = self.cleaned_data
        if self.errors or not (given.get("weekdays") or given.get("from_") or given.get("to")):
            return None
        kind = given["kind"] or OPEN
        end = "24:00" if given["to"][:5] == "00:00" else given["to"][:5]
        found = {"weekdays": given["weekdays"], "from": given["from_"][:5], "to": end, "zone": given["zone"] or "UTC"}
        return kind, found | ({"reason": given["reason"]} if kind == AVOID else {})


class Stretches(Rows):
    """Windows, and what is better avoided, in one list of rows."""

    form, prefix, at_most = StretchForm, "stretches", 2 * MAX_STRETCHES
    renamed: ClassVar[Mapping[str, str]] = {"from": "from_"}

    def __init__(self, data: Any = None, *, initial: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        kept = initial or {}
        super().__init__(data, initial=[_row(kind, one) for kind in SHOWN for one in kept.get(kind, [])])
        self.order: list[tuple[str, int]] = []  # the list, and the place in it, of each row that was read

    def read(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in SHOWN}
        for kind, one in self.collect(lambda row: row.read()):
            self.order.append((kind, len(found[kind])))
            found[kind].append(one)
        return found

    def add_problem(self, path: str, message: str) -> None:
        """One about `windows[1].from` goes to the row that this was."""
        kind, _bracket, rest = path.partition("[")
        number, _bracket, field = rest.partition("]")
        place = (kind, int(number)) if number.isdecimal() else None
        if place in self.order:
            name = field.removeprefix(".").partition("[")[0] or "weekdays"
            self.add_fault(f"{self.prefix}[{self.order.index(place)}].{name}", message)
        else:
            self.faults.append(f"{path}: {message}")


def _row(kind: str, one: Mapping[str, Any]) -> dict[str, Any]:
    end = "00:00" if one["to"] == "24:00" else one["to"]
    return {**one, "kind": kind, "from_": one["from"], "to": end}
