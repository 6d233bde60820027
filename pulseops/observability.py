"""Sentry for the portal's own faults, when SENTRY_DSN is set."""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.types import Event

SCRUBBED = "[scrubbed]"
SECRET_HEADERS = {"authorization", "x-api-key", "cookie", "x-csrftoken"}


def start() -> None:
    if not settings.SENTRY_DSN:
        return
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"pulseops@{settings.VERSION}",
        environment=settings.SENTRY_ENVIRONMENT,
        send_default_pii=False,
        before_send=scrub,
    )


def scrub(event: Event, hint: dict[str, Any]) -> Event | None:
    """Take credentials out of what is reported: headers, cookies, bodies and query strings."""
    request: Any = event.get("request")
    if request:
        headers = request.get("headers") or {}
        request["headers"] = {
            name: SCRUBBED if name.lower() in SECRET_HEADERS else value for name, value in headers.items()
        }
        for part in ("cookies", "data", "query_string"):
            request.pop(part, None)
    return event
