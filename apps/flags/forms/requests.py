"""What somebody says who decides about a proposal."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CommentForm(forms.Form):
    comment = forms.CharField(
        label=_("Comment (optional)"), required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
    )
