"""A real Chromium at the running portal. Whatever its console complains of, a policy violation say, fails the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from apps.core.models import Project
from tests.browser.axe import violations
from tests.callers import BACKEND
from tests.chromium import chromium
from tests.factories import PASSWORD, make_project, make_user
from tests.live_server import LivePortal, live_portal

__all__ = ["chromium", "live_portal"]


@dataclass
class Tab:
    """A page that remembers every complaint. `check()` at the end, and before anything of ours is injected."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def check(self) -> None:
        assert self.complaints == []

    def judge(self, words: str) -> None:
        """The page that now says this: a quiet console and no axe violation."""
        self.page.get_by_text(words).first.wait_for()
        self.check()
        assert violations(self.page) == [], words
        self.complaints.clear()  # what axe itself caused

    def _console(self, message: ConsoleMessage) -> None:
        refusal = "status of 4" in message.text and "/static/" not in message.location["url"]  # 403, 404 or 422 meant
        if message.type in {"error", "warning"} and not refusal:
            self.complaints.append(message.text)


Open = Callable[..., Tab]


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(key="shop", name="Shop")


@pytest.fixture
def tab(chromium: Browser, live_portal: LivePortal, project: Project) -> Iterator[Open]:
    """`tab(role="Viewer", scheme="dark", width=320, scripts=False)`; `role=None` is a stranger.

    Closing checks for complaints.
    """
    contexts: list[BrowserContext] = []
    opened: list[Tab] = []

    def open_tab(
        *, role: str | None = "Administrator", scheme: Any = "light", width: int = 1280, scripts: bool = True
    ) -> Tab:
        size: Any = {"width": width, "height": 900}
        context = chromium.new_context(
            color_scheme=scheme, viewport=size, reduced_motion="reduce", java_script_enabled=scripts
        )
        contexts.append(context)
        if role is not None:
            bring_session(context, live_portal.url, make_user(role=role))
        page = context.new_page()
        page.set_default_timeout(10_000)
        new = Tab(page, live_portal.url)
        opened.append(new)
        return new

    yield open_tab
    for context in contexts:
        try:
            context.close()
        except Error:
            continue
    for one in opened:
        one.check()


def bring_session(context: BrowserContext, url: str, user: User) -> None:
    """As after a login, without its three pages. The login itself is test_skin.py's."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url, "httpOnly": True}])


def log_in(tab: Tab, username: str, password: str = PASSWORD) -> None:
    page = tab.open("/admin/login/?next=/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login/" not in address)
