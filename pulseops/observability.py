"""Sentry for the portal's own faults, when SENTRY_DSN is set."""

import re
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event

COLLECTED: Any = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "stack_frame_variables": False,  # a frame may hold a key or a password under any name
    "database_query_data": False,
}
SCRUBBED = "[scrubbed]"
PING = re.compile(r"(/ping/)[^/?#]+")
SECRET_HEADERS = {"authorization", "x-api-key", "cookie", "x-csrftoken"}


def start(transport: type[Transport] | None = None) -> None:
    if not settings.SENTRY_DSN:
        return
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"pulseops@{settings.VERSION}",
        environment=settings.SENTRY_ENVIRONMENT,
        data_collection=COLLECTED,
        before_send=scrub,
        transport=transport,
    )


def scrub(event: Event, hint: dict[str, Any]) -> Event | None:
    """Take credentials out of what is reported: headers, cookies, bodies, query strings and ping addresses."""
    request: Any = event.get("request")
    if request:
        headers = request.get("headers") or {}
        request["headers"] = {
            name: SCRUBBED if name.lower() in SECRET_HEADERS else value for name, value in headers.items()
        }
        for part in ("cookies", "data", "query_string"):
            request.pop(part, None)
        if "url" in request:
            request["url"] = PING.sub(rf"\1{SCRUBBED}", request["url"])
    return event
