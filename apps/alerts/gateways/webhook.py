"""Any receiver that speaks Standard Webhooks: a JSON body under 20 kB, signed with one or two secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from apps.alerts.gateways.messages import Message, Notice, cut
from apps.alerts.gateways.posting import post
from apps.core.domain import signing

BODY_LIMIT = 20_000  # bytes
TEXT_LIMITS = (2_000, 200, 30)  # characters of each text, tried one after the other until the body fits
LABELS = 30  # of one notice
TYPES = {"FIRED": "alert.fired", "NO_DATA": "alert.no_data", "RECOVERED": "alert.recovered", "TEST": "test"}
ACTION = "alert.action_requested"


def payload(message: Message) -> bytes:
    """The body. Of what is told along as much as fits; `others_left_out` says how many are not there. Texts are cut
    before the alert itself is left out."""
    body = b""
    for limit in TEXT_LIMITS:
        others = [_facts(one, limit) for one in message.others]
        while True:
            body = _body(message, others, limit)
            if len(body) < BODY_LIMIT:
                return body
            if not others:
                break
            del others[len(others) // 2 :]
    return body


def send(url: str, secrets: Sequence[str], message: Message) -> None:
    """Raises Undelivered."""
    post_signed(url, secrets, message_id=message.id, body=payload(message), at=message.at)


def post_signed(url: str, secrets: Sequence[str], *, message_id: str, body: bytes, at: datetime) -> None:
    """Raises Undelivered."""
    signed = signing.headers(secrets, message_id, int(at.timestamp()), body)
    post(url, body=body, headers={"Content-Type": "application/json", **signed}, at=at)


def action_payload(notice: Notice, ask: str, request_id: str, asked_at: str) -> bytes:
    """The body that asks somebody to act: for what, and because of which alert."""
    body = b""
    for limit in TEXT_LIMITS:
        data = {"request_id": request_id, "ask": ask or None, "alert": _facts(notice, limit)}
        body = orjson.dumps({"type": ACTION, "timestamp": asked_at, "data": data})
        if len(body) < BODY_LIMIT:
            break
    return body


def _body(message: Message, others: Sequence[dict[str, Any]], limit: int) -> bytes:
    notice = message.notice
    data = _facts(notice, limit) | {
        "title": cut(message.title, limit),
        "description": cut(notice.description, limit),
        "recent_changes": [{"at": one.at, "words": cut(one.words, limit)} for one in notice.changes],
        "points": [[point.at.isoformat(), point.value] for point in message.chart.points] if message.chart else [],
        "acknowledge_url": message.acknowledge_url or None,
        "others": list(others),
        "others_left_out": len(message.others) - len(others),
    }
    return orjson.dumps({"type": _type(notice), "timestamp": notice.at, "data": data})


def _type(notice: Notice) -> str:
    """Of messages about deployments as in "deployment.rolled_back"."""
    return TYPES.get(notice.kind) or f"deployment.{notice.labels.get('kind', 'message')}"


def _facts(notice: Notice, limit: int) -> dict[str, Any]:
    labels = list(notice.labels.items())[:LABELS]
    return {
        "alert_id": notice.alert_id,
        "rule": notice.rule,
        "name": cut(notice.name, limit),
        "severity": notice.severity,
        "project": notice.project,
        "environment": notice.environment or None,
        "seen": cut(notice.seen, limit),
        "value": notice.value,
        "threshold": notice.threshold,
        "labels": {cut(name, limit): cut(value, limit) for name, value in labels},
        "at": notice.at,
        "url": notice.url or None,
        "incident_url": notice.incident_url or None,
    }
