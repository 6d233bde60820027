"""Any receiver that speaks Standard Webhooks: a JSON body under 20 kB, signed with one or two secrets."""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from apps.alerts.gateways.messages import Message, Notice, cut
from apps.alerts.gateways.posting import post

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret
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


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """As in `v1,<base64>`, over id, time and body. Raises ValueError when the secret is none."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(read_secret(secret), signed, hashlib.sha256)).decode()


def read_secret(secret: str) -> bytes:
    """The key in `whsec_<base64>`. Raises ValueError with a reason that does not repeat the secret."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"what follows {PREFIX} is no base64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"a secret has {SHORTEST} to {LONGEST} bytes")
    return key


def new_secret() -> str:
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def send(url: str, secrets: Sequence[str], message: Message) -> None:
    """Raises Undelivered."""
    post_signed(url, secrets, message_id=message.id, body=payload(message), at=message.at)


def post_signed(url: str, secrets: Sequence[str], *, message_id: str, body: bytes, at: datetime) -> None:
    """Raises Undelivered. Every secret signs, so that receivers can change from one to the next in their own time."""
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    if secrets:
        headers["webhook-signature"] = " ".join(signature(one, message_id, timestamp, body) for one in secrets)
    post(url, body=body, headers=headers, at=at)


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
    return orjson.dumps({"type": TYPES[notice.kind], "timestamp": notice.at, "data": data})


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
