"""The forms behind each change of what an environment serves, the rollout's audience excepted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import MomentInput, ReasonField, VersionField
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.forms.fields import choices


class ReasonForm(forms.Form):
    """A change that only has to be confirmed."""

    version = VersionField()

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)


class ReviewForm(ReasonForm):
    """A change that is made now or, with a time, then."""

    apply_at = forms.DateTimeField(
        label=_("Time (UTC)"),
        required=False,
        widget=MomentInput(),
        help_text=_("If somebody changes the flag before, this is not applied, and the flag's page says so."),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "later" in self.data and not given.get("apply_at") and "apply_at" not in self.errors:
            self.add_error("apply_at", _("Choose the time at which this is to be applied."))
        return given


class ToggleForm(ReviewForm):
    """Turning a flag on asks for whom: everyone, or whom its rules name, where it has any."""

    def __init__(self, *args: Any, variants: list[str], main: str, has_rules: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if has_rules:
            self.fields["scope"] = forms.ChoiceField(
                label=_("Turn on for"),
                choices=[("everyone", _("Everyone")), ("rules", _("Only whom the present rollout names"))],
                initial="everyone",
                required=False,  # a form from before there were rules is stale, which is told better than this
                widget=forms.RadioSelect,
            )
        if len(variants) > 2:
            self.fields["variant"] = forms.ChoiceField(
                label=_("Everyone gets"), choices=choices(variants), initial=main, required=False
            )
        self.main = main

    @property
    def keeps_rules(self) -> bool:
        return self.cleaned_data.get("scope") == "rules"

    @property
    def variant(self) -> str:
        return str(self.cleaned_data.get("variant") or self.main)


class KillForm(forms.Form):
    reason = ReasonField(required=False)


class LiftKillForm(ReasonForm):
    status = forms.ChoiceField(
        label=_("Afterwards the flag is"),
        choices=[
            (FlagStatus.OFF.value, _("Off: everyone keeps the off variant")),
            (FlagStatus.ON.value, _("On: the rollout from before the kill applies again")),
        ],
        initial=FlagStatus.OFF.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, reason_required=True, **options)
