"""Channels: where notices go, a test of each, and the log of what was told. Addresses and secrets are never shown."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.models import Channel, Notification
from apps.alerts.pages.words import delivery
from apps.core import selectors as core
from apps.core.fields import ReasonField, VersionField
from apps.core.pages import Pill, ScopedPage
from apps.core.services import StaleVersion

UNPROCESSABLE, CONFLICT = 422, 409
LOG = 50  # notices on the page
Kind = Channel.Kind


class TargetField(forms.CharField):
    """A URL, a DSN or addresses, as the kind has it."""

    def __init__(self, *, required: bool, **options: Any) -> None:
        attrs = {"rows": 3, "class": "code-input", "spellcheck": "false", "autocomplete": "off"}
        super().__init__(
            label=gettext_lazy("Where it leads"), required=required, widget=forms.Textarea(attrs=attrs), **options
        )


class NewChannelForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices)
    key = forms.CharField(
        label=gettext_lazy("Key"), max_length=50, help_text=gettext_lazy("Routes name it, as in ops-slack.")
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    target = TargetField(
        required=True,
        help_text=gettext_lazy(
            "The URL of a Slack webhook or of your own webhook, e-mail addresses one a line, or a Sentry DSN."
        ),
    )
    reason = ReasonField(required=False)


class ChannelForm(forms.Form):
    version = VersionField()
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    target = TargetField(required=False, help_text=gettext_lazy("Empty: it leads where it led."))
    enabled = forms.BooleanField(label=gettext_lazy("Send notices to it"), required=False)
    reason = ReasonField(required=False)


def config_of(kind: str, target: str) -> dict[str, Any]:
    """What was typed, as the service wants it."""
    if kind == Kind.EMAIL:
        return {"to": [part for part in re.split(r"[\s,;]+", target) if part]}
    return {"dsn" if kind == Kind.SENTRY else "url": target.strip()}


def tell(form: forms.Form, problems: Mapping[str, list[str]]) -> None:
    """Each problem at the field that it is about."""
    for path, words in problems.items():
        name = "target" if path.startswith("config") else path
        form.add_error(name if name in form.fields else None, words[0])


def last_of(row: Channel) -> Pill | None:
    """How the last notice fared, of a row that the selector found."""
    return delivery(row.last_status, row.last_error)  # type: ignore[attr-defined]  # annotated


class ChannelsPage(ScopedPage):
    title = gettext_lazy("Channels")
    template_name = "alerts/channels.html"
    permission = "alerts.view_channel"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [(row, last_of(row)) for row in selectors.channels(self.project)]
        return self.render(
            rows=rows,
            may_create=request.user.has_perm("alerts.add_channel"),
            may_test=request.user.has_perm("alerts.change_channel"),
            may_read_log=request.user.has_perm("alerts.view_notification"),
        )


class DeliveriesPage(ScopedPage):
    title = gettext_lazy("Deliveries")
    template_name = "alerts/deliveries.html"
    permission = ("alerts.view_channel", "alerts.view_notification")

    def get(self, request: HttpRequest) -> HttpResponse:
        found = selectors.notifications(self.project, self.environment)[:LOG]
        rows = [(row, delivery(row.status, row.error)) for row in found]
        return self.render(rows=rows, most=LOG, crumbs=[(_("Channels"), self.url("channel-list"))])


class NewChannelPage(ScopedPage):
    title = gettext_lazy("New channel")
    template_name = "alerts/channel_new.html"
    permission = ("alerts.view_channel", "alerts.add_channel")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(NewChannelForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewChannelForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=UNPROCESSABLE)
        given = dict(form.cleaned_data)
        config = config_of(given["kind"], given.pop("target"))
        try:
            row = services.create_channel(
                project_id=self.project.pk, config=config, actor=self.actor, at=self.at, **given
            )
        except ValidationError as error:
            tell(form, error.message_dict)
            return self._show(form, status=UNPROCESSABLE)
        if row.kind == Kind.WEBHOOK:
            return show_once(self, row, services.signing_secrets(row)[0])
        return HttpResponseRedirect(self.url("channel-detail", key=row.key))

    def _show(self, form: NewChannelForm, *, status: int = 200) -> HttpResponse:
        return self.render(status=status, form=form, crumbs=[(_("Channels"), self.url("channel-list"))])


class OneChannel(ScopedPage):
    def find(self, key: str) -> Channel:
        row = selectors.channels(self.project).filter(key=key).first()
        if row is None:
            raise Http404(f"There is no channel {key} here.")
        return row


class ChannelPage(OneChannel):
    template_name = "alerts/channel.html"
    permission = "alerts.view_channel"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        initial = {"name": row.name, "enabled": row.enabled, "version": row.version}
        return self._show(row, ChannelForm(initial=initial))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        refused = self.refuse("alerts.change_channel")
        if refused:
            return refused
        form = ChannelForm(request.POST)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        given = dict(form.cleaned_data)
        version, target = given.pop("version"), given.pop("target")
        config = config_of(row.kind, target) if target else None
        try:
            services.update_channel(
                channel_id=row.pk, config=config, expected_version=version, actor=self.actor, at=self.at, **given
            )
        except ValidationError as error:
            tell(form, error.message_dict)
            return self._show(row, form, status=UNPROCESSABLE)
        except StaleVersion:
            form.add_error(None, _("Somebody saved this channel while you were here. Open it again."))
            return self._show(row, form, status=CONFLICT)
        return HttpResponseRedirect(self.url("channel-detail", key=row.key))

    def _show(self, row: Channel, form: ChannelForm, *, status: int = 200) -> HttpResponse:
        if row.built_in:
            del form.fields["target"]
        return self.render(
            status=status,
            title=row.name,
            channel=row,
            form=form,
            leads=", ".join(row.config.get("to", ())) or row.config.get("host", ""),
            last=last_of(row),
            crumbs=[(_("Channels"), self.url("channel-list"))],
            entries=core.audit_of("alerts.channel", row.pk)[:10],
            may_change=self.request.user.has_perm("alerts.change_channel"),
        )


class TestPage(OneChannel):
    permission = ("alerts.view_channel", "alerts.change_channel")

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        sent = services.test_channel(channel_id=row.pk, actor=self.actor, reason=_("a test by hand"), at=self.at)
        arrived = services.deliver(notification_id=sent.pk, at=self.at)
        self._tell(row, sent, arrived)
        return HttpResponseRedirect(self.url("channel-detail", key=row.key))

    def _tell(self, row: Channel, sent: Notification, arrived: bool | None) -> None:
        """What the receiver answered."""
        if arrived is None:
            messages.info(self.request, _("The test is on its way; the log of deliveries shows how it went."))
            return
        sent.refresh_from_db()
        names = {"name": row.name, "error": sent.error}
        if arrived:
            messages.success(self.request, _("%(name)s took the test.") % names)
        else:
            messages.error(self.request, _("%(name)s did not take the test: %(error)s") % names)


class SecretPage(OneChannel):
    permission = ("alerts.view_channel", "alerts.change_channel")

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        try:
            row, secret = services.rotate_channel_secret(
                channel_id=row.pk, actor=self.actor, reason=_("rotated by hand"), at=self.at, expected_version=None
            )
        except services.InvalidChannel as error:
            messages.error(request, error.messages[0])
            return HttpResponseRedirect(self.url("channel-detail", key=key))
        return show_once(self, row, secret)


def show_once(page: ScopedPage, row: Channel, secret: str) -> HttpResponse:
    """The one answer that holds a signing secret. No page can be opened to see it again."""
    crumbs = [(_("Channels"), page.url("channel-list")), (row.name, page.url("channel-detail", key=row.key))]
    title = _("Signing secret")
    return page.render("alerts/channel_secret.html", title=title, channel=row, secret=secret, crumbs=crumbs)
