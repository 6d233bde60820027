"""Sentry: an event in an envelope, posted to the DSN's project. The event's id is the message's, so it lands once."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from apps.alerts.gateways.messages import Message, cut
from apps.alerts.gateways.posting import post

LEVELS = {"critical": "fatal", "error": "error", "warning": "warning", "info": "info"}
TAG_LIMIT, TEXT_LIMIT, TAGS = 200, 8_000, 50  # characters that Sentry keeps, and tags that anybody reads
CLIENT = "pulseops/1"


@dataclass(frozen=True, slots=True)
class Dsn:
    url: str  # of the envelope endpoint
    public_key: str


def read_dsn(text: str) -> Dsn:
    """Raises ValueError with a reason that does not repeat the DSN."""
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ValueError("is no DSN") from None
    path, _, project = parts.path.rpartition("/")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.username or not project.isdecimal():
        raise ValueError("is no DSN: it looks like https://<key>@<host>/<project>")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Dsn(f"{parts.scheme}://{host}{port}{path}/api/{project}/envelope/", parts.username)


def payload(message: Message) -> bytes:
    """Header, item header and event, a line each."""
    event = orjson.dumps(_event(message))
    head = {"event_id": _event_id(message), "sent_at": message.at.isoformat()}
    item = {"type": "event", "content_type": "application/json", "length": len(event)}
    return b"\n".join([orjson.dumps(head), orjson.dumps(item), event]) + b"\n"


def send(dsn: str, message: Message) -> None:
    """Raises Undelivered."""
    to = read_dsn(dsn)
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client={CLIENT}, sentry_key={to.public_key}",
        "webhook-id": message.id,
    }
    post(to.url, body=payload(message), headers=headers, at=message.at)


def _event(message: Message) -> dict[str, Any]:
    notice = message.notice
    labels = {f"label.{name}"[:32]: cut(value, TAG_LIMIT) for name, value in list(notice.labels.items())[:TAGS]}
    return {
        "event_id": _event_id(message),
        "timestamp": message.at.isoformat(),
        "platform": "other",
        "logger": "pulseops.alerts",
        "level": LEVELS.get(notice.severity, "info") if notice.kind in {"FIRED", "NO_DATA"} else "info",
        "environment": notice.environment or None,
        "message": {"formatted": cut(f"{message.title}: {notice.seen}", TEXT_LIMIT)},
        "fingerprint": ["pulseops", notice.place, notice.rule, *(["test"] if notice.kind == "TEST" else [])],
        "tags": labels | {"rule": notice.rule, "severity": notice.severity, "state": notice.state},
        "extra": {
            "url": notice.url,
            "value": notice.value,
            "threshold": notice.threshold,
            "chart": f"{message.chart.sparkline} {message.chart.words}" if message.chart else None,
            "changes": [cut(f"{one.at} {one.words}", TEXT_LIMIT) for one in notice.changes],
            "others": [cut(f"{one.label_words}: {one.seen}", TAG_LIMIT) for one in message.others[:20]],
        },
    }


def _event_id(message: Message) -> str:
    return message.id.replace("-", "")
