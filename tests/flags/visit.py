"""A person with a browser session, for page tests. No expected values live here."""

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from apps.core.models import Project
from tests.factories import make_user


class Visitor:
    """Opens and sends the pages of one project and environment."""

    def __init__(self, project: Project, *, role: str = "Product", environment: str = "production") -> None:
        self.client = Client()
        self.user = make_user(role=role)
        self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.scope = {"project": project.key, "environment": environment}

    def url(self, name: str, query: str = "", **kwargs: Any) -> str:
        return reverse(f"admin:{name}", kwargs={**self.scope, **kwargs}) + query

    def get(self, name: str, query: str = "", **kwargs: Any) -> Any:
        return self.client.get(self.url(name, query, **kwargs))

    def post(self, name: str, data: dict[str, Any], query: str = "", headers: Any = None, **kwargs: Any) -> Any:
        return self.client.post(self.url(name, query, **kwargs), data, headers=headers)


def text(response: Any) -> str:
    return str(response.content.decode())


def shows(response: Any, *parts: str) -> None:
    """Asserts that each part is on the page, as markup or as a reader sees it."""
    page = " ".join(text(response).split())
    missing = [part for part in parts if escape(part) not in page and part not in page]
    assert not missing, f"not on the page: {missing}"
