"""The floor's forms, and editors of rows. They read and check what was typed; saving is the services' business."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from apps.core import selectors
from apps.core.models import ApiKey, Environment
from apps.core.models.projects import MOST_APPROVALS, slug

SPARE_ROWS = 3


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


class Rows:
    """Rows of one form. An empty row does not count, so that one is removed by emptying it."""

    form: ClassVar[type[forms.Form]]
    prefix: ClassVar[str]  # of the fields, and of the paths in a service's complaints
    at_most: ClassVar[int]
    renamed: ClassVar[Mapping[str, str]] = {}  # names in a complaint's path to those of the form, where they differ

    def __init__(self, data: Any = None, *, initial: Sequence[Mapping[str, Any]] = (), **options: Any) -> None:
        extra = SPARE_ROWS if initial else SPARE_ROWS + 1
        factory = forms.formset_factory(self.form, extra=extra, max_num=self.at_most)
        self.rows: Any = factory(data, initial=list(initial), prefix=self.prefix, form_kwargs=options)
        self.faults: list[str] = []  # those that no row has
        self.places: list[int] = []  # the row that each collected thing came from

    def collect(self, read: Callable[[Any], Any]) -> list[Any]:
        """What `read` makes of each row; None is an empty row, or one at fault."""
        self.rows.is_valid()
        found = [(place, read(row)) for place, row in enumerate(self.rows.forms)]
        self.places = [place for place, thing in found if thing is not None]
        return [thing for _place, thing in found if thing is not None]

    @property
    def at_fault(self) -> bool:
        return bool(self.faults or self.rows.non_form_errors() or any(row.errors for row in self.rows.forms))

    def add_fault(self, path: str, message: str) -> None:
        """Puts a complaint, such as one about `variants[1].value`, at its row."""
        match = re.match(rf"{self.prefix}\[(\d+)\]\.(\w+)", path)
        name = self.renamed.get(match[2], match[2]) if match else ""
        if match and int(match[1]) < len(self.places) and name in self.form.base_fields:
            self.rows.forms[self.places[int(match[1])]].add_error(name, message)
        else:
            self.faults.append(message if path == self.prefix else f"{path}: {message}")

    def carried(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """These rows as the fields of a form, to send them again."""
        counts = [(f"{self.prefix}-TOTAL_FORMS", str(len(rows))), (f"{self.prefix}-INITIAL_FORMS", "0")]
        fields = [
            (f"{self.prefix}-{n}-{name}", str(value)) for n, row in enumerate(rows) for name, value in row.items()
        ]
        return counts + fields
