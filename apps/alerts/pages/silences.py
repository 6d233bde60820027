"""Silences: what is not told now, will not be, or was not; a new one with a look at what it would mute."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.labels import read_matchers
from apps.alerts.models import Silence
from apps.alerts.selectors.notices import ENVIRONMENT_LABEL, labels_of
from apps.core.fields import MomentInput, ReasonField
from apps.core.pages import ScopedPage

UNPROCESSABLE = 422
FOR = timedelta(hours=1)  # what is offered for one alert
OVER = 30  # past silences on the page
LINE = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"(.*)"')


class MatchersField(forms.CharField):
    """One matcher a line, as in `host="web-1"`; the value is taken as it stands between the outer quotes."""

    def __init__(self) -> None:
        attrs = {"rows": 4, "class": "code-input", "spellcheck": "false"}
        super().__init__(
            label=gettext_lazy("Alerts with all of these labels"),
            widget=forms.Textarea(attrs=attrs),
            help_text=gettext_lazy(
                'One a line, such as alertname="errors", severity!="critical" or host=~"web-.*". '
                "alertname is the key of the rule."
            ),
        )

    def clean(self, value: Any) -> Any:
        return [self._read(line) for line in super().clean(value).splitlines() if line.strip()]

    def _read(self, line: str) -> dict[str, str]:
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise ValidationError(_('"%s" is not of the form label="value".') % line.strip())
        return dict(zip(("label", "match", "value"), found.groups(), strict=True))


class SilenceForm(forms.Form):
    matchers = MatchersField()
    starts_at = forms.DateTimeField(label=gettext_lazy("From (UTC, empty: now)"), required=False, widget=MomentInput())
    ends_at = forms.DateTimeField(label=gettext_lazy("Until (UTC)"), widget=MomentInput())
    everywhere = forms.BooleanField(label=gettext_lazy("In every environment of the project"), required=False)
    reason = ReasonField(required=True)


class SilencesPage(ScopedPage):
    title = gettext_lazy("Silences")
    template_name = "alerts/silences.html"
    permission = "alerts.view_silence"

    def get(self, request: HttpRequest) -> HttpResponse:
        sorted_out: dict[str, list[tuple[Silence, str]]] = {"active": [], "pending": [], "past": []}
        for row in self._rows():
            sorted_out[selectors.standing(row, self.at)].append((row, matcher_words(row)))
        headings = {"active": _("Active"), "pending": _("Pending"), "past": _("Past")}
        return self.render(
            groups=[(name, headings[name], rows) for name, rows in sorted_out.items() if rows],
            may_create=request.user.has_perm("alerts.add_silence"),
            may_end=request.user.has_perm("alerts.change_silence"),
        )

    def _rows(self) -> Iterator[Silence]:
        """All that are to come or at work, and the last of those that are over."""
        rows = selectors.silences(self.project, self.environment)
        yield from rows.filter(ended_at=None, ends_at__gt=self.at)
        yield from rows.exclude(ended_at=None, ends_at__gt=self.at)[:OVER]


class NewSilencePage(ScopedPage):
    title = gettext_lazy("New silence")
    template_name = "alerts/silences_new.html"
    permission = ("alerts.view_silence", "alerts.add_silence")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(SilenceForm(initial=self._offered(request.GET.get("alert", ""))))

    def _offered(self, number: str) -> dict[str, Any]:
        """For whoever comes from a notice: what mutes just this alert, for an hour."""
        known = number.isascii() and number.isdecimal() and len(number) < 19
        row = selectors.alerts(self.project, self.environment).filter(pk=number).first() if known else None
        if row is None:
            return {}
        labels = [pair for pair in labels_of(row) if pair[0] != ENVIRONMENT_LABEL]  # which the form asks on its own
        lines = [matcher_line(name, value) for name, value in labels]
        return {"matchers": "\n".join(lines), "ends_at": self.at + FOR}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create it, or only look at what it would mute: the form says which."""
        form = SilenceForm(request.POST)
        if "preview" in request.POST:
            form.fields["reason"].required = False
        if not form.is_valid():
            return self._show(form, status=UNPROCESSABLE)
        given = self._wanted(form.cleaned_data)
        try:
            if "preview" in request.POST:
                return self._show(form, muted=services.preview_silence(**given))
            services.create_silence(**given, actor=self.actor, reason=form.cleaned_data["reason"])
        except services.InvalidSilence as error:
            for path, words in error.message_dict.items():
                name = path.partition("[")[0]
                form.add_error(name if name in form.fields else None, f"{path}: {words[0]}")
            return self._show(form, status=UNPROCESSABLE)
        return HttpResponseRedirect(self.url("silence-list"))

    def _wanted(self, typed: dict[str, Any]) -> dict[str, Any]:
        return {
            "project_id": self.project.pk,
            "environment_id": None if typed["everywhere"] else self.environment.pk,
            "matchers": typed["matchers"],
            "starts_at": typed["starts_at"] or self.at,
            "ends_at": typed["ends_at"],
            "at": self.at,
        }

    def _show(self, form: SilenceForm, *, status: int = 200, **context: Any) -> HttpResponse:
        return self.render(status=status, form=form, crumbs=[(_("Silences"), self.url("silence-list"))], **context)


class EndSilencePage(ScopedPage):
    permission = ("alerts.view_silence", "alerts.change_silence")

    def post(self, request: HttpRequest, silence: int) -> HttpResponse:
        row = selectors.silences(self.project, self.environment).filter(pk=silence).first()
        if row is None:
            raise Http404(f"There is no silence {silence} here.")
        services.end_silence(
            silence_id=row.pk, actor=self.actor, reason=_("ended by hand"), at=self.at, expected_version=None
        )
        return HttpResponseRedirect(self.url("silence-list"))


def matcher_line(name: str, value: str) -> str:
    """As the field above reads it. A value with line breaks cannot stand on a line: a pattern says the same."""
    if len(value.splitlines()) < 2 and not value.endswith("\n"):
        return f'{name}="{value}"'
    pattern = "".join(one if one.isalnum() else f"\\x{{{ord(one):x}}}" for one in value)
    return f'{name}=~"{pattern}"'


def matcher_words(row: Silence) -> str:
    return ", ".join(matcher.words for matcher in read_matchers("matchers", row.matchers))
