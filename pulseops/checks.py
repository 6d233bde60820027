"""System checks that need to see the whole house."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from apps.core.domain.egress import Refused, read_allowed

PUBLISHED_BY_VITE = ("SLACK_WEBHOOK_URL", "ALERT_WEBHOOK_URL")
ALLOW_LISTS = ("EGRESS_ALLOW", "EGRESS_ALLOW_CHECKS")


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


def _unreadable(entries: list[str]) -> Iterator[str]:
    for entry in entries:
        try:
            read_allowed(entry)
        except Refused as refused:
            yield str(refused)
