"""Somebody at the admin in a test."""

from django.test import Client

from tests.factories import make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


def visit(role: str = "Administrator", *, enforce_csrf_checks: bool = False) -> Client:
    """A browser in which a person with this role is logged in; "" is a person without any."""
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(make_user(role=role), backend=BACKEND)
    return client
