"""Signatures of Standard Webhooks, for what the portal sends and for what it is sent."""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Every secret signs, so that receivers can change from one to the next in their own time."""
    known = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    signed = " ".join(signature(one, message_id, timestamp, body) for one in secrets)
    return known | {"webhook-signature": signed} if signed else known


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
