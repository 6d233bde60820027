"""The public status page as everybody gets it: through the portal's own ASGI application, over HTTP."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apps.alerts import services
from apps.alerts.live.status_pages import status_pages
from apps.core import clock
from apps.core.models import Environment
from tests.factories import make_project
from tests.factories.status import WHO, make_component, make_status_page
from tests.live_server import LivePortal, live_portal

__all__ = ["live_portal"]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def environment(live_portal: LivePortal) -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def client(live_portal: LivePortal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_portal.url, timeout=20) as client:
        yield client


def until(client: httpx.Client, path: str, *, status: int, words: str = "") -> httpx.Response:
    deadline = time.monotonic() + 10
    while (answer := client.get(path)).status_code != status or words not in answer.text:
        assert time.monotonic() < deadline, (answer.status_code, answer.text[:400])
        time.sleep(0.02)
    return answer


def test_a_page_is_public_while_it_is_published(client: httpx.Client, environment: Environment) -> None:
    now = clock.now()
    page = make_status_page(environment, published=False, at=now)
    make_component(environment, at=now)
    status_pages.refresh({"topic": "status"})
    assert client.get("/status/shop/").status_code == 404
    given: dict[str, Any] = {"page_id": page.pk, "at": now, "expected_version": None, **WHO}
    services.update_status_page(fields={"published": True}, **given)
    answer = until(client, "/status/shop/", status=200)
    assert "All systems are operational" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    services.update_status_page(fields={"published": False}, **given)
    until(client, "/status/shop/", status=404)
