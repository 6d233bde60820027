"""The public status page as everybody gets it: through the portal's own ASGI application, over HTTP."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.alerts import services
from apps.alerts.live import rendering
from apps.alerts.live.status_pages import StatusPages, status_pages
from apps.core import clock
from apps.core.models import Environment
from tests.factories import make_check, make_project, make_rule, push
from tests.factories.status import WHO, make_component, make_public_incident, make_status_page, say_publicly
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


def test_it_shows_components_incidents_and_days(client: httpx.Client, environment: Environment) -> None:
    now = clock.now()
    make_status_page(environment, text="How we <are>.", at=now)
    web = make_component(environment, at=now, description="Where you buy")
    make_component(environment, key="mail", state="MAINTENANCE", at=now)
    open_one = make_public_incident(environment, web, at=now - timedelta(hours=1))
    say_publicly(open_one, "We see it.\n\n<b>Soon</b> more.", at=now - timedelta(minutes=9))
    make_public_incident(
        environment,
        web,
        at=now - timedelta(days=3),
        resolved_at=now - timedelta(days=3) + timedelta(hours=2),
        title="Old",
    )
    answer = until(client, "/status/shop/", status=200, words="Old")
    shown = " ".join(answer.text.split())
    for words in (
        "There is a major outage",
        "How we &lt;are&gt;.",
        "Checkout fails",
        "We see it.",
        "&lt;b&gt;Soon&lt;/b&gt; more.",
        "Affects Web",
        "Where you buy",
        "Under maintenance",
        "Web in the last 90 days: not well on 2 days, no data for 88",
        "Nothing was reported.",
        "As of",
    ):
        assert words in shown, words
    assert "<b>Soon" not in answer.text
    facts = client.get("/status/shop/status.json").json()
    assert (facts["state"], facts["stale"], facts["sentence"]) == ("MAJOR_OUTAGE", False, "There is a major outage")
    assert [(one["key"], one["state"], len(one["days"])) for one in facts["components"]] == [
        ("web", "MAJOR_OUTAGE", 90),
        ("mail", "MAINTENANCE", 90),
    ]
    assert [one["title"] for one in facts["incidents"]] == ["Checkout fails", "Old"]
    feed = ElementTree.fromstring(client.get("/status/shop/feed.atom").content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Checkout fails (Investigating)", "Old (Resolved)"]


def test_nothing_that_is_not_public_leaks(client: httpx.Client, environment: Environment) -> None:
    now = clock.now()
    make_status_page(environment, at=now)
    make_check(environment, name="secretname", config={"host": "secrethost.example.com", "port": 9}, at=now)
    web = make_component(environment, checks=["web"], at=now)
    reason: dict[str, Any] = WHO | {"reason": "secretreason"}
    services.set_component_state(component_id=web.pk, state="DEGRADED", at=now, expected_version=None, **reason)
    incident = make_public_incident(environment, web, at=now)
    say_publicly(incident, "All may read this", at=now)
    say_publicly(incident, "secretnote", at=now, public=False)
    make_public_incident(environment, web, at=now, public=False, title="secretincident", impact="MAJOR_OUTAGE")
    push(environment, "errors", (now, 9), host="secretlabel")
    make_rule(environment, name="secretrule", at=now)
    services.judge_due(at=now)
    until(client, "/status/shop/", status=200, words="All may read this")
    status_pages.refresh({"topic": "status"})
    for name in ("", "status.json", "feed.atom"):
        answer = client.get(f"/status/shop/{name}")
        told = (answer.text + str(answer.headers)).lower()
        assert "all may read this" in told
        assert [word for word in ("secret", "mallory", "192.0.2", "tests", "errors", "alertname") if word in told] == []


def test_caches_ask_by_name_and_other_methods_are_refused(client: httpx.Client, environment: Environment) -> None:
    make_status_page(environment, at=clock.now())
    answer = until(client, "/status/shop/", status=200)
    etag = answer.headers["etag"]
    assert answer.headers["cache-control"].startswith("public, max-age=10")
    for name in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get("/status/shop/", headers={"if-none-match": name})
        if again.status_code == 200:  # rendered anew meanwhile
            assert again.headers["etag"] != etag
        else:
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get("/status/shop/", headers={"if-none-match": '"other"'}).status_code == 200
    status = {
        accepted: client.get("/status/shop/", headers={"accept-encoding": accepted}) for accepted in ("gzip", "br")
    }
    assert [one.headers.get("content-encoding") for one in status.values()] == ["gzip", None]
    assert all("All systems" in one.text or "No systems" in one.text for one in status.values())
    assert status["gzip"].headers["etag"] != status["br"].headers["etag"]
    assert {one.headers["vary"] for one in status.values()} == {"Accept-Encoding"}
    head = client.head("/status/shop/")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 500
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = client.request(method, "/status/shop/")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    moved = client.get("/status/shop")
    assert (moved.status_code, moved.headers["location"]) == (308, "/status/shop/")
    for path in ("/status/", "/status/nothing/", "/status/shop/x", "/status/shop/../../etc/passwd", "/status/%00/"):
        assert client.get(path).status_code == 404, path
    assert "There is no status page here" in client.get("/status/nothing/").text


def test_without_the_database_it_answers_from_memory_and_after_a_start_from_the_file(
    client: httpx.Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_status_page(environment, at=clock.now())
    make_component(environment, at=clock.now())
    until(client, "/status/shop/", status=200, words="Web")

    def away(**_: Any) -> Any:
        raise OperationalError("away")

    monkeypatch.setattr("apps.alerts.live.status_pages.selectors.status_pages", away)
    with pytest.raises(OperationalError):
        status_pages.refresh({})
    assert client.get("/status/shop/").status_code == 200

    started = StatusPages()
    started.read_files()
    with pytest.raises(OperationalError):
        started.refresh({})
    page = started.get("shop")
    assert page is not None
    body = page.get("", at=clock.now())
    assert body is not None
    assert b"All systems are operational" in body.content
    assert started.get("other") is None


def test_a_page_that_is_old_says_so(client: httpx.Client, environment: Environment) -> None:
    make_status_page(environment, at=clock.now())
    until(client, "/status/shop/", status=200)
    page = status_pages.get("shop")
    assert page is not None
    now = page.at
    young, old = page.get("", at=now + timedelta(minutes=4)), page.get("", at=now + timedelta(minutes=6))
    assert young is not None
    assert old is not None
    assert b"could not be brought up to date" not in young.content
    assert f"could not be brought up to date since {now:%Y-%m-%d %H:%M} UTC".encode() in old.content
    assert young.etag != old.etag
    facts = page.get("status.json", at=now + timedelta(minutes=6))
    assert facts is not None
    assert json.loads(facts.content)["stale"] is True


@pytest.mark.django_db
def test_a_broken_file_is_passed_by_and_pages_that_are_closed_lose_theirs(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "broken.json").write_text('{"at": 1')
    (tmp_path / "status" / "closed.json").write_text("{}")
    pages = StatusPages()
    pages.read_files()
    assert pages.get("broken") is None
    make_status_page(make_project().environments.get(key="production"))
    pages.refresh({})
    assert [path.name for path in (tmp_path / "status").iterdir()] == ["shop.json"]


@pytest.mark.django_db
def test_a_quiet_poll_is_cheap_and_a_render_takes_as_many_queries_for_much_as_for_little(
    settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    production = make_project().environments.get(key="production")
    make_status_page(production)
    make_check(production)
    pages = StatusPages()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            pages.refresh({})
        return len(captured)

    def more(number: int) -> None:
        web = make_component(production, key=f"web-{number}", checks=["web"])
        say_publicly(make_public_incident(production, web), "We see it.")

    more(1)
    few = queries()
    assert queries() == 2
    for number in range(2, 6):
        more(number)
    assert queries() == few


@pytest.mark.django_db
def test_one_page_that_cannot_be_rendered_does_not_hold_up_the_others(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    project = make_project()
    make_status_page(project.environments.get(key="production"), slug="bad")
    make_status_page(project.environments.get(key="staging"), slug="good")
    render = rendering.rendered

    def picky(told: Any) -> Any:
        if told.slug == "bad":
            raise ValueError
        return render(told)

    monkeypatch.setattr(rendering, "rendered", picky)
    pages = StatusPages()
    pages.refresh({})
    assert pages.get("bad") is None
    assert pages.get("good") is not None


@pytest.mark.django_db
def test_control_characters_do_not_break_the_feed(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    production = make_project().environments.get(key="production")
    make_status_page(production, title="Sh\x07op")
    say_publicly(make_public_incident(production, title="Be\x0bll", at=clock.now()), "A\x1b[0m", at=clock.now())
    pages = StatusPages()
    pages.refresh({})
    page = pages.get("shop")
    assert page is not None
    feed = page.get("feed.atom", at=clock.now())
    assert feed is not None
    assert ElementTree.fromstring(feed.content).findtext(f"{ATOM}title") == "Shop"
