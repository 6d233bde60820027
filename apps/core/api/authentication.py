"""Who sends a request with an API key. Sessions are Django's; what the sender may do is permissions.py's."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.core import audit
from apps.core.audit import Actor
from apps.core.live.keyring import KeyFacts, keyring

SCHEME = "Bearer"
HEADER = "X-API-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>` or `X-API-Key: <token>`. `request.auth` becomes the key's facts.

    The token is looked up by its SHA-256 in memory, so neither the time nor the database tells how much
    of a guess was right.
    """

    def authenticate(self, request: Request) -> tuple[Any, KeyFacts] | None:
        token = _token(request)
        if token is None:
            return None
        facts = keyring.find(token) or (keyring.look_again() and keyring.find(token))
        if not facts:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        return AnonymousUser(), facts

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="PulseOps"'


def actor(request: Request) -> Actor:
    """Whom the audit trail names."""
    if isinstance(request.auth, KeyFacts):
        return audit.api_key(id=request.auth.id, name=request.auth.name)
    return audit.person(request.user)


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == SCHEME.lower():
        return token.strip()
    return request.headers.get(HEADER)
