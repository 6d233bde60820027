"""The form that a deployment starts with: which version, how it gets its traffic, when, and why."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.fields import DurationField, MomentInput, WordsField
from apps.deployments.domain.plans import MAX_SECONDS
from apps.deployments.models import Release
from apps.deployments.models.services import Strategy

# Of a version that is typed in: the form's name to the service's.
RELEASE_FIELDS = ("commit_sha", "commit_message", "commit_author", "artifact", "flags", "contracts")
NUMBER = "version"
_SHA = re.compile(r"[0-9a-fA-F]{4,64}")


class StartForm(forms.Form):
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)
    hotfix = forms.BooleanField(widget=forms.HiddenInput, required=False)
    release = forms.ChoiceField(label=lazy("Version"), required=False)
    version = forms.CharField(
        label=lazy("New version"), required=False, max_length=100, help_text=lazy("Such as 1.4.2. It never changes.")
    )
    commit_sha = forms.CharField(label=lazy("Commit"), required=False, max_length=64)
    commit_message = forms.CharField(
        label=lazy("Commit message"), required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    commit_author = forms.CharField(label=lazy("Commit author"), required=False, max_length=150)
    artifact = forms.CharField(
        label=lazy("Artifact"),
        required=False,
        max_length=500,
        help_text=lazy("What the agent fetches: an image, a URL."),
    )
    flags = WordsField(
        label=lazy("Flags"),
        required=False,
        help_text=lazy("Keys of flags that this version is behind, between commas."),
    )
    contracts = forms.BooleanField(
        label=lazy("It contracts the database"),
        required=False,
        help_text=lazy("It removes what the version before needs, so there is no switching back."),
    )
    strategy = forms.ChoiceField(label=lazy("Strategy"), choices=Strategy.choices, widget=forms.RadioSelect)
    watch_seconds = DurationField(
        label=lazy("Watched afterwards for"),
        help_text=lazy("All traffic is on it, the old slot is kept warm, and triggers still roll back."),
    )
    scheduled_at = forms.DateTimeField(
        label=lazy("Not before (UTC)"),
        required=False,
        widget=MomentInput(),
        help_text=lazy("Empty: as soon as the gates open."),
    )
    reason = forms.CharField(
        label=lazy("Message"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("Why, or what is in it. It heads the deployment and is kept in the audit trail."),
        error_messages={"required": lazy("Say why, so that others understand this later.")},
    )

    def __init__(
        self, *args: Any, releases: Iterable[Release], reason_required: bool, new: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        known = [(row.number, _label(row)) for row in releases]
        first = [("", _("A new version, typed in below"))] if new else []
        self.fields["release"].required = not new
        self.fields["release"].choices = [*first, *known]  # type: ignore[attr-defined]
        self.fields["reason"].required = reason_required

    def clean_watch_seconds(self) -> int:
        seconds: int = self.cleaned_data["watch_seconds"]
        if not 0 <= seconds <= MAX_SECONDS:
            raise forms.ValidationError(_("At most %(days)d days.") % {"days": MAX_SECONDS // 86_400})
        return seconds

    def clean_commit_sha(self) -> str:
        sha: str = self.cleaned_data["commit_sha"]
        if sha and not _SHA.fullmatch(sha):
            raise forms.ValidationError(_("Type the hash of a commit, such as 4f2a91c."))
        return sha.lower()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if "release" in given and not given["release"] and not given.get(NUMBER):
            self.add_error(NUMBER, _("Choose a version above, or name the new one."))
        if given.get("release") and given.get(NUMBER):
            self.add_error(NUMBER, _("Choose a version above, or name a new one, not both."))
        return given

    def asked(self) -> dict[str, Any]:
        """As request_version takes it; the steps are apart."""
        given = self.cleaned_data
        new = None if given["release"] else {name: given[name] for name in RELEASE_FIELDS}
        names = ("strategy", "watch_seconds", "scheduled_at", "hotfix", "idempotency_key", "reason")
        return {"version": given["release"] or given[NUMBER], "release": new, **{name: given[name] for name in names}}

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        """Each problem at its field; `number` is what the service calls the version."""
        for path, messages in problems.items():
            name = {"number": NUMBER}.get(path, path)
            if name in self.fields:
                self.add_error(name, messages)
            else:
                self.add_error(None, [f"{path}: {words}" for words in messages])


def _label(row: Release) -> str:
    first = row.commit_message.strip().splitlines()[:1]
    return " · ".join(part for part in (row.number, row.commit_sha[:8], *first) if part)[:120]
