"""A message's words. What they may hold is domain/messages.py's to say."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import VersionField


class MessageForm(forms.Form):
    version = VersionField()
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("Body"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 8}))

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        for path, messages in problems.items():
            name = path if path in self.fields else None
            self.add_error(name, messages)
