"""The steps of a canary as rows, each a share of the traffic and how long it holds."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import DurationField, PercentField
from apps.core.forms import Rows
from apps.deployments.domain.plans import MAX_STEPS, InvalidPlan, Step, parse_steps


class StepForm(forms.Form):
    weight = PercentField(label=_("Per cent"), required=False)
    hold_seconds = DurationField(label=_("Holds at least"), required=False)
    needs_approval = forms.BooleanField(label=_("Waits for approval"), required=False)
    analyse = forms.BooleanField(label=_("Judged meanwhile"), required=False)

    def read(self) -> dict[str, Any] | None:
        """The step as JSON, or None for an empty row or one at fault."""
        given = self.cleaned_data
        if self.errors:
            return None
        if given.get("weight") is None:
            if given.get("hold_seconds"):
                self.add_error("weight", _("Type a number such as 25 or 0.5."))
            return None
        return {**given, "hold_seconds": given.get("hold_seconds") or 0}


class Steps(Rows):
    """A row without a share does not count."""

    form, prefix, at_most = StepForm, "steps", MAX_STEPS

    def __init__(self, data: Any = None, *, initial: Iterable[Step] = ()) -> None:
        super().__init__(data, initial=[_row(step) for step in initial])

    def read(self) -> tuple[Step, ...] | None:
        """In their order, or None when a row is at fault."""
        raw = self.collect(lambda row: row.read())
        if self.at_fault:
            return None
        try:
            return parse_steps(raw)
        except InvalidPlan as fault:
            self.add_fault(fault.path, fault.message)
            return None


def _row(step: Step) -> dict[str, Any]:
    names = ("weight", "hold_seconds", "needs_approval", "analyse")
    return {name: getattr(step, name) for name in names}
