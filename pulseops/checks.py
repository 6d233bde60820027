"""System checks that need to see the whole house."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from apps.core.domain.egress import Refused, read_allowed

PUBLISHED_BY_VITE = ("SLACK_WEBHOOK_URL", "ALERT_WEBHOOK_URL")
ALLOW_LISTS = ("EGRESS_ALLOW", "EGRESS_ALLOW_CHECKS", "EGRESS_ALLOW_TRAFFIC")


@register()
def published_secrets(**_: Any) -> list[CheckMessage]:
    """Vite copies every VITE_ variable into the public bundle, which is no place for a webhook address."""
    return [
        Warning(
            f"VITE_{name} is read as {name}, but Vite publishes every VITE_ value to browsers.",
            hint=f"Rename the variable to {name} and replace the webhook address.",
            id="pulseops.W001",
        )
        for name in PUBLISHED_BY_VITE
        if f"VITE_{name}" in settings.ENVIRONMENT
    ]


@register()
def readable_allow_lists(**_: Any) -> list[CheckMessage]:
    """An entry that cannot be read would only be noticed when the first alert is not delivered."""
    return [
        Error(
            f"PULSEOPS_{name}: {wrong}.",
            hint="Write networks and host names, for example 10.0.0.0/8, 10.1.2.3:5432 or hooks.internal:8443.",
            id="pulseops.E001",
        )
        for name in ALLOW_LISTS
        for wrong in _unreadable(getattr(settings, name))
    ]


@register()
def readable_delivery(**_: Any) -> list[CheckMessage]:
    """As above: nobody should learn by an alert that was not told that a setting cannot be read."""
    return [
        Error(f"{wrong}.", hint=".env.example shows what it looks like.", id="pulseops.E002")
        for wrong in _wrong_delivery()
    ]


def _wrong_delivery() -> Iterator[str]:
    from apps.alerts.gateways.email import read_server
    from apps.alerts.gateways.webhook import read_secret

    if settings.ALERT_EMAILS and not settings.SMTP_URL:
        yield "PULSEOPS_ALERT_EMAILS needs PULSEOPS_SMTP_URL: without a mail server nobody gets mail"
    try:
        if settings.SMTP_URL:
            read_server(settings.SMTP_URL)
        for secret in settings.ALERT_WEBHOOK_SECRETS:
            read_secret(secret)
    except ValueError as refused:
        yield str(refused) if "SMTP" in str(refused) else f"PULSEOPS_ALERT_WEBHOOK_SECRETS: {refused}"


def _unreadable(entries: list[str]) -> Iterator[str]:
    for entry in entries:
        try:
            read_allowed(entry)
        except Refused as refused:
            yield str(refused)
