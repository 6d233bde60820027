"""What is typed about incidents."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from apps.alerts.models import Impact, Incident, IncidentStatus, Severity, StatusComponent
from apps.core.fields import ReasonField, VersionField

Components = Iterable[StatusComponent]


class UpdateForm(forms.Form):
    version = VersionField()
    text = forms.CharField(
        label=_("What is new"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
    status = forms.ChoiceField(label=_("Status"), choices=IncidentStatus.choices)
    impact = forms.ChoiceField(label=_("Impact on users"), choices=Impact.choices)
    public = forms.BooleanField(
        label=_("Show on the status page"), required=False, help_text=_("Otherwise it is a note for the team.")
    )
    acted = forms.BooleanField(
        label=_("Something was done"), required=False, help_text=_("The first such update ends the time to act.")
    )

    @classmethod
    def of(cls, row: Incident) -> Self:
        """As the incident stands: what stays the same need not be touched."""
        return cls(initial={"version": row.version, "status": row.status, "impact": row.impact})

    @property
    def given(self) -> dict[str, Any]:
        """As the service wants it."""
        typed = dict(self.cleaned_data)
        return typed | {"expected_version": typed.pop("version")}


class ComponentsField(forms.MultipleChoiceField):
    """Keys of status components; choices come with the environment."""

    def __init__(self) -> None:
        super().__init__(label=_("Affected components"), required=False, widget=forms.CheckboxSelectMultiple)


class AboutForm(forms.Form):
    """What a new incident and a changed one have in common."""

    title = forms.CharField(label=_("What is wrong"), max_length=200)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices[::-1])
    public = forms.BooleanField(label=_("Show on the status page"), required=False)
    components = ComponentsField()

    def __init__(self, *args: Any, components: Components, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["components"]
        field.choices = [(one.key, one.name) for one in components]
        if not field.choices:
            del self.fields["components"]


class NewIncidentForm(AboutForm):
    impact = forms.ChoiceField(label=_("Impact on users"), choices=Impact.choices)
    text = forms.CharField(
        label=_("First update (optional)"), required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ("title", "severity", "impact", "components", "public", "text")


class IncidentForm(AboutForm):
    version = VersionField()
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    reason = ReasonField(required=False)
    field_order = ("version", "title", "severity", "owner", "components", "public", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.choices = [("", _("Nobody")), *_people()]

    @property
    def given(self) -> dict[str, Any]:
        """As the service wants it."""
        typed = dict(self.cleaned_data)
        signed = {"reason": typed.pop("reason"), "expected_version": typed.pop("version")}
        typed["owner"] = int(typed["owner"]) if typed["owner"] else None
        return {"fields": typed, **signed}


def _people() -> list[tuple[str, str]]:
    people = get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username")
    return [(str(person.pk), person.get_username()) for person in people]


def tell(form: forms.Form, problems: Mapping[str, list[str]]) -> None:
    """Each problem at the field that it is about."""
    for name, words in problems.items():
        form.add_error(name if name in form.fields else None, words[0])
