"""The form that a rollout plan starts with: what is rolled out, its stages as rows, its guards."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import PercentField, VersionField, WordsField
from apps.core.forms import Rows
from apps.flags.domain.engine.validation import Problem
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.rollouts.problems import MAX_STAGES
from apps.flags.forms.fields import choices

UNITS = [(60, _("minutes")), (3_600, _("hours")), (86_400, _("days"))]


class PlanForm(forms.Form):
    version = VersionField()

    def __init__(self, *args: Any, variants: Sequence[str], main: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["variant"] = forms.ChoiceField(
            label=_("Variant to roll out"), choices=choices(variants), initial=main
        )
        self.fields["guards"] = WordsField(
            label=_("Guards"),
            required=False,
            help_text=_("Names between commas. The plan goes on only while every one of them is green."),
        )


class StageForm(forms.Form):
    name = forms.CharField(label=_("Name"), required=False, max_length=100)
    groups = WordsField(label=_("Groups"), required=False, widget=forms.TextInput(attrs={"placeholder": _("everyone")}))
    share = PercentField(label=_("Per cent of them"), required=False)
    hold = forms.DecimalField(
        label=_("Lasts at least"), required=False, min_value=0, max_digits=8, decimal_places=2, localize=False
    )
    unit = forms.TypedChoiceField(label=_("Unit"), choices=UNITS, coerce=int, required=False, initial=86_400)
    minimum_evaluations = forms.IntegerField(label=_("Evaluations at least"), required=False, min_value=0)
    needs_approval = forms.BooleanField(label=_("Needs approval"), required=False)

    def read(self) -> Stage | None:
        """The stage, or None for an empty row; faults become this row's errors."""
        given = self.cleaned_data
        if self.errors or not any(given.get(name) for name in ("name", "groups", "share", "hold")):
            return None
        for name, words in (("share", _("Type a number such as 25 or 0.5.")), ("hold", _("Say how long at least."))):
            if given.get(name) is None:
                self.add_error(name, words)
        if self.errors:
            return None
        return Stage(
            name=given["name"],
            groups=tuple(given["groups"]),
            weight=given["share"],
            hold_seconds=int(given["hold"] * (given["unit"] or 86_400)),
            needs_approval=given["needs_approval"],
            minimum_evaluations=given["minimum_evaluations"] or 0,
        )


class Stages(Rows):
    """The rows of the stages editor. A row without a name, groups, share and time does not count."""

    form, prefix, at_most = StageForm, "stages", MAX_STAGES
    renamed = {"weight": "share", "hold_seconds": "hold"}

    def __init__(self, data: Any = None, *, initial: Iterable[Stage] = ()) -> None:
        super().__init__(data, initial=[_row(stage) for stage in initial])

    def read(self) -> tuple[Stage, ...] | None:
        """The stages in their order, or None when a row is at fault."""
        stages = tuple(self.collect(lambda row: row.read()))
        return None if self.at_fault else stages


def distribute(problems: Iterable[Problem], form: PlanForm, stages: Stages) -> None:
    """What is wrong with a plan goes to the fields that it is about."""
    for path, message in problems:
        name = path.partition("[")[0]
        if name in form.fields:
            form.add_error(name, message)
        else:
            stages.add_fault(path, message)


def _row(stage: Stage) -> dict[str, Any]:
    """The largest unit that leaves a whole number, else minutes."""
    unit = next((size for size, _words in reversed(UNITS) if stage.hold_seconds % size == 0), 60)
    return {
        "name": stage.name,
        "groups": list(stage.groups),
        "share": stage.weight,
        "hold": f"{stage.hold_seconds / unit:g}",
        "unit": unit,
        "minimum_evaluations": stage.minimum_evaluations or None,
        "needs_approval": stage.needs_approval,
    }
