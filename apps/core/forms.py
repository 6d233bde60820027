"""The floor's forms. They read and check what was typed; saving is the services' business."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from apps.core import selectors
from apps.core.models import ApiKey, Environment
from apps.core.models.projects import MOST_APPROVALS, slug


class DateInput(forms.DateInput):
    """The browser's own date field: works by keyboard and by touch without a script."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Reason(forms.CharField):
    """Why, in somebody's own words; ends up in the audit trail."""

    def __init__(self, *, required: bool = True) -> None:
        words = _("Kept in the audit trail.")
        super().__init__(label=_("Reason"), max_length=500, required=required, help_text=words)


class KeyField(forms.CharField):
    """The name inside addresses."""

    def __init__(self) -> None:
        words = _("Part of every address, so it cannot be changed later: lower-case letters, digits, hyphens.")
        super().__init__(label=_("Key"), max_length=50, validators=[slug], help_text=words)


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    key = KeyField()
    description = forms.CharField(
        label=_("Description"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ProjectChangeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(
        label=_("Description"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    reason = Reason(required=False)


class EnvironmentFields(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=Environment.Kind.choices)
    protected = forms.BooleanField(
        label=_("Protected"), required=False, help_text=_("Changes here need their own permission and always a reason.")
    )
    required_approvals = forms.IntegerField(
        label=_("Required approvals"),
        min_value=0,
        max_value=MOST_APPROVALS,
        initial=0,
        help_text=_("How many others have to approve a change before it is applied. Counts only while protected."),
    )
    position = forms.IntegerField(
        label=_("Position"),
        min_value=0,
        max_value=32_767,
        initial=0,
        help_text=_("Order of the columns, smallest first."),
    )


class EnvironmentForm(EnvironmentFields):
    project = forms.ModelChoiceField(label=_("Project"), queryset=selectors.projects())
    key = KeyField()
    field_order = ("project", "name", "key")


class EnvironmentChangeForm(EnvironmentFields):
    reason = Reason(required=False)


class KeyForm(forms.Form):
    """What a new API key is for."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ApiKey.Kind.choices)
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Where it is used, for example web app or nightly import.")
    )
    environment = forms.ModelChoiceField(
        label=_("Environment"),
        queryset=selectors.all_environments(),
        help_text=_("A management key works in the whole project of this environment."),
    )
    write = forms.BooleanField(
        label=_("May change things"),
        required=False,
        help_text=_("For management keys: without it the key may only read."),
    )
    expires_at = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=DateInput(),
        help_text=_("Works until the end of this day, UTC. Empty: it works until somebody revokes it."),
    )

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        if fields.get("write") and fields.get("kind") != ApiKey.Kind.MANAGEMENT:
            self.add_error("write", _("Only management keys may change things. Choose that kind or clear this."))
        return fields


class RotateForm(forms.Form):
    reason = Reason(required=False)


class RevokeForm(forms.Form):
    reason = Reason()


class PersonForm(forms.Form):
    """Parts that both adding and editing a person ask for."""

    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    email = forms.EmailField(label=_("Email"), required=False)
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Viewer looks, Product ships flags, Operator also keys and environments, Administrator also people."
        ),
    )


class PersonAddForm(PersonForm):
    username = forms.CharField(label=_("Username"), max_length=150)
    password = forms.CharField(
        label=_("First password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html(),
    )
    field_order = ("username", "password")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(username=self.cleaned_data.get("username", "")))
        return password


class PersonChangeForm(PersonForm):
    is_active = forms.BooleanField(
        label=_("May log in"), required=False, help_text=_("Clear this instead of deleting: the trail keeps the name.")
    )
    reason = Reason(required=False)


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html(),
    )

    def clean_password(self) -> str:
        validate_password(self.cleaned_data["password"])
        password: str = self.cleaned_data["password"]
        return password
