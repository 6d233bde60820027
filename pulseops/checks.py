"""System checks that need to see the whole house."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

PUBLISHED_BY_VITE = ("SLACK_WEBHOOK_URL", "ALERT_WEBHOOK_URL")


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
