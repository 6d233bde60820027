"""Somebody at the admin in a test."""

from django.test import Client

from tests.factories import make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


def visit(role: str = "Administrator", **options: bool) -> Client:
    """A browser in which a person with this role is logged in; "" is a person without any."""
    client = Client(**options)
    client.force_login(make_user(role=role), backend=BACKEND)
    return client
