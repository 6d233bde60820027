"""The forms behind each deed on one deployment."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import ReasonField, VersionField


class SteerForm(forms.Form):
    """A deed on the state that the person looked at."""

    version = VersionField()

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)


class UrgentForm(forms.Form):
    """A deed that is meant wherever the deployment is by now."""

    def __init__(self, *args: Any, reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=reason_required)


class CommentField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Comment (optional)"), required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
        )


class VoteForm(forms.Form):
    """Consent or refusal, of the plan that the person looked at."""

    plan = forms.CharField(
        widget=forms.HiddenInput,
        max_length=64,
        error_messages={"required": _("The form lost the plan it was about. Open the page again.")},
    )
    comment = CommentField()


class CommentForm(forms.Form):
    comment = CommentField()
