"""Who calls the REST API in a test: a person with a session, or an API key."""

from typing import Any

from rest_framework.test import APIClient

from apps.core.live.keyring import keyring
from apps.core.services import IssuedKey
from tests.factories import make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


def as_role(role: str | None = None, **options: Any) -> APIClient:
    """A person with this role; None: logged in and nothing else."""
    client = APIClient(**options)
    client.force_login(make_user(role=role or ""), backend=BACKEND)
    return client


def as_key(issued: IssuedKey) -> APIClient:
    know_keys()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issued.token}")
    return client


def know_keys() -> None:
    """What the follower does in a serving process. Every test starts at the same moment, so stamps may repeat."""
    keyring._stamp = None
    keyring.refresh({})
