"""The rollout form: who takes part, with which shares, and what everybody else gets."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.fields import PercentField, VersionField
from apps.flags.domain.audience import Audience, from_rules, main_variant, to_rules
from apps.flags.domain.engine.definitions import Flag, FlagStatus
from apps.flags.domain.engine.limits import WEIGHT_TOTAL
from apps.flags.domain.engine.text import percent
from apps.flags.domain.transitions import Change
from apps.flags.forms.fields import choices

EVERYONE, GROUPS = "everyone", "groups"


class RolloutForm(forms.Form):
    """Bound to one flag in one environment. Valid, it holds an `audience` and the `change` that brings it about."""

    version = VersionField()
    who = forms.ChoiceField(
        label=_("Who takes part"),
        choices=[(EVERYONE, _("Everyone")), (GROUPS, _("Only these groups"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, flag: Flag, segments: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.flag = flag
        self.keys = [variant.key for variant in flag.variants]
        self.main = main_variant(flag.type, flag.variants, flag.off_variant)
        self.present = from_rules(flag.rules, flag.default_variant)
        self._add_groups(segments)
        self._add_shares()
        self._add_rest()

    @property
    def has_one_share(self) -> bool:
        """Two variants need one number: who does not get the one gets the other."""
        return len(self.keys) == 2

    @property
    def share_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self._share_names()]

    @property
    def audience(self) -> Audience:
        groups = tuple(self.cleaned_data["groups"]) if self.cleaned_data["who"] == GROUPS else ()
        others = self.cleaned_data["others"] if groups else self.flag.default_variant
        return Audience(groups, self._weights(), others)

    @property
    def change(self) -> Change:
        audience = self.audience
        rule_id = {"rule_id": self.flag.rules[0].id} if len(self.flag.rules) == 1 else {}
        return Change(
            status=FlagStatus.ON if self.cleaned_data.get("turn_on") else None,
            rules=to_rules(audience, **rule_id),
            default_variant=audience.default_variant,
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("who") == GROUPS and not given.get("groups") and "groups" not in self.errors:
            self.add_error("groups", _("Choose at least one group, or let everyone take part."))
        names = self._share_names()
        if not self.has_one_share and not any(name in self.errors for name in names):
            self._check_total(sum(given[name] for name in names))
        return given

    def _check_total(self, total: int) -> None:
        gap = WEIGHT_TOTAL - total
        if not gap or not self._share_names():
            return
        text = gettext("The shares add up to %(total)s: %(gap)s is missing.")
        if gap < 0:
            text = gettext("The shares add up to %(total)s: %(gap)s too much.")
        self.add_error(self._share_names()[0], text % {"total": percent(total), "gap": percent(abs(gap))})

    def _share_names(self) -> list[str]:
        if len(self.keys) == 1:
            return []
        return ["share"] if self.has_one_share else [f"share_{n}" for n in range(len(self.keys))]

    def _weights(self) -> tuple[tuple[str, int], ...]:
        """In the order of the flag's variants, without empty shares."""
        if len(self.keys) == 1:
            return ((self.keys[0], WEIGHT_TOTAL),)
        if self.has_one_share:
            share = self.cleaned_data["share"]
            shares = [share if key == self.main else WEIGHT_TOTAL - share for key in self.keys]
        else:
            shares = [self.cleaned_data[name] for name in self._share_names()]
        return tuple((key, share) for key, share in zip(self.keys, shares, strict=True) if share)

    def _add_groups(self, segments: Sequence[str]) -> None:
        chosen = self.present.groups if self.present else ()
        self.fields["who"].initial = GROUPS if chosen else EVERYONE
        self.fields["groups"] = forms.MultipleChoiceField(
            label=_("Groups"),
            choices=choices(dict.fromkeys([*segments, *chosen])),
            initial=list(chosen),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def _add_shares(self) -> None:
        weights = dict(self.present.weights) if self.present else {}
        for name, key in zip(self._share_names(), self.keys, strict=False):
            shown = self.main if self.has_one_share else key
            self.fields[name] = PercentField(
                label=_("Per cent that get %(variant)s") % {"variant": shown}, initial=weights.get(shown, 0)
            )

    def _add_rest(self) -> None:
        """Who was never told apart gets the off variant, unless somebody chooses otherwise."""
        grouped = self.present is not None and self.present.groups
        self.fields["others"] = forms.ChoiceField(
            label=_("Everybody else gets"),
            choices=choices(self.keys),
            initial=self.flag.default_variant if grouped else self.flag.off_variant,
        )
        if self.flag.status is FlagStatus.OFF:
            self.fields["turn_on"] = forms.BooleanField(
                label=_("Turn the flag on with this rollout"), required=False, initial=True
            )
