"""What is typed about a health check, and how the services' refusals find their fields."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.fields import JsonObjectField, ReasonField, VersionField
from apps.monitoring.models import HealthCheck
from apps.monitoring.models.checks import MAX_PERIOD, MAX_THRESHOLD, MIN_PERIOD
from apps.monitoring.services.checks import MAX_SECRET

# By hand; reported checks make themselves.
EXAMPLES: Mapping[HealthCheck.Kind, dict[str, Any]] = {
    HealthCheck.Kind.HTTP: {"url": "https://shop.example.com/healthz", "latency_limit_seconds": 1.5},
    HealthCheck.Kind.TCP: {"host": "mail.example.com", "port": 25},
    HealthCheck.Kind.TLS: {"host": "shop.example.com", "days": 14},
    HealthCheck.Kind.POSTGRES: {"host": "db.example.com", "database": "orders", "user": "watcher"},
    HealthCheck.Kind.REDIS: {"host": "cache.example.com", "port": 6379},
    HealthCheck.Kind.HEARTBEAT: {"cron": "0 3 * * *", "time_zone": "Europe/Berlin", "grace_seconds": 1800},
}


def example_rows() -> list[tuple[str, str]]:
    return [(str(kind.label), json.dumps(config)) for kind, config in EXAMPLES.items()]


class ActForm(forms.Form):
    """What every deed to a check takes."""

    version = VersionField()

    def __init__(self, *args: Any, protected: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=protected)


class CheckForm(ActForm):
    name = forms.CharField(label=_("Name"), max_length=150)
    config = JsonObjectField(label=_("Configuration (JSON)"))
    period_seconds = forms.IntegerField(
        label=_("Period in seconds"),
        min_value=MIN_PERIOD,
        max_value=MAX_PERIOD,
        initial=60,
        help_text=_("How often it is asked. A heartbeat has its own in the configuration."),
    )
    failures = forms.IntegerField(
        label=_("Failures until it is down"),
        min_value=1,
        max_value=MAX_THRESHOLD,
        required=False,
        help_text=_("In a row. Left empty: 3 where it is asked, 1 for a heartbeat."),
    )
    recoveries = forms.IntegerField(
        label=_("Successes until it is up"),
        min_value=1,
        max_value=MAX_THRESHOLD,
        initial=1,
        help_text=_("In a row, after it was down."),
    )
    secret = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=MAX_SECRET,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Of PostgreSQL and Redis. Kept encrypted and never shown again."),
    )

    def refuse(self, refused: ValidationError) -> None:
        """Each problem at the field that can mend it; a path below a field begins the sentence."""
        for path, messages in refused.message_dict.items():
            name = path.split(".")[0]
            told = messages if path == name else [f"{path} {message}" for message in messages]
            self.add_error(name if name in self.fields else None, told)


class NewCheckForm(CheckForm):
    key = forms.CharField(
        label=_("Key"), max_length=100, help_text=_("Lower-case, as in checkout-api. It cannot be changed later.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind.value, kind.label) for kind in EXAMPLES])
    field_order = ("version", "key", "name", "kind", "config", "secret", "period_seconds", "failures", "recoveries")


class EditCheckForm(CheckForm):
    field_order = ("version", "name", "config", "secret", "forget", "period_seconds", "failures", "recoveries")

    def __init__(self, *args: Any, has_secret: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if has_secret:
            self.fields["secret"].help_text = _("One is kept. Left empty it stays.")
            self.fields["forget"] = forms.BooleanField(label=_("Forget the password"), required=False)
        self.fields["failures"].required = True
        self.fields["failures"].help_text = _("In a row.")
        self.order_fields(self.field_order)

    def new_secret(self) -> str | None:
        """None: it stays as it is."""
        given: dict[str, Any] = self.cleaned_data
        return "" if given.get("forget") else given["secret"] or None
