"""Every address with every method: who gets in without being let in. A new address is walked from its first day."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import auth
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from apps.alerts.models import Incident, Silence
from apps.deployments.models import Deployment, FreezeWindow
from tests.callers import BACKEND
from tests.factories import make_everything, make_user
from tests.factories.everything import Everything

pytestmark = pytest.mark.django_db
SAFE, UNSAFE = ("GET", "OPTIONS"), ("POST", "PUT", "PATCH", "DELETE")
LOGOUT = "admin/logout/"

# For everybody, without signing in.
PUBLIC = {
    "",  # leads to the admin, which asks
    "healthz",
    "readyz",
    "metrics",
    "api/",  # nothing is there, and it says so
    "acknowledge/<str:token>/",  # the signed link lets in: it shows one alert and acknowledges it
    "admin/login/",
    "admin/jsi18n/",  # texts for Django's widgets
    LOGOUT,
}
# For whoever is signed in, with no role at all: the frame of the admin, one's own password, the API's description.
SIGNED_IN = {
    "admin/",
    "admin/health/",
    "admin/search.json",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/(?P<url>.*)$",  # 404
    "api/v1/schema/",
    "api/v1/docs/",
}
# Asks with a body, changes nothing.
READS_BY_POST = {
    "api/v1/projects/<slug:project>/flags/<flag_key:flag>/states/<slug:environment>/explain/",
    "admin/p/<slug:project>/<slug:environment>/flags/<str:key>/preview/",
}
# Lists, details and histories of the admin do not look at the method: they are read by any, which has to be all.
READ_BY_ANY_METHOD = re.compile(r"admin/\w+/\w+/(<path:object_id>/((history|change)/)?)?$|admin/\^\(\?P<app_label>.*")
# What somebody who is let in by mistake would need for a change.
BODY = {
    "key": "taken",
    "name": "Taken over",
    "type": "boolean",
    "kind": "STAGING",
    "status": "ON",
    "to_version": 1,
    "targeting_keys": [],
    "reason": "because",
    "username": "mallory",
    "approve": "1",
    "item": "rollback_reviewed",
}
# What names and `id` stand for below these parts of an address.
NAMED = {
    "segments": {"key": "beta"},
    "channels": {"key": "ops"},
    "checks": {"key": "web"},
    "components": {"key": "web"},
    "routes": {"key": "all"},
    "messages": {"kind": "started"},
}
NUMBERED = {
    "approvals": "request",
    "change-requests": "request",
    "alerts": "alert",
    "incidents": "incident",
    "silences": "silence",
    "deployments": "deployment",
}
MACHINE_WRITTEN = ("django_session", "axes_")
WRITING = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


def routes() -> Iterator[str]:
    def below(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns, route)
            else:
                yield route

    found = dict.fromkeys(below(get_resolver().url_patterns, ""))
    yield from sorted(found, key=lambda route: route == LOGOUT)  # last: it ends the session


@pytest.fixture(scope="module")
def addresses(passing_rows: Any) -> Iterator[dict[str, str]]:
    """Route to an address where something is."""
    with passing_rows():
        yield addresses_of(make_everything(key="shop"))


def addresses_of(made: Everything) -> dict[str, str]:
    numbers = {
        "schedule": str(made.schedule.pk),
        "request": str(made.request.pk),
        "alert": str(made.alert.pk),
        "silence": str(Silence.objects.latest("pk").pk),
        "incident": str(Incident.objects.latest("pk").pk),
        "deployment": str(made.deployment.pk),
    }
    values = {
        "project": "shop",
        "environment": "production",
        "flag": "checkout",
        "segment": "beta",
        "key": "checkout",
        "number": "1",
        "rollout": str(made.rollout.pk),
        "guard": "errors",
        "rule": "errors",
        "route": "all",
        "alert": str(made.alert.pk),
        "response_id": str(made.alert.responses.latest("pk").pk),
        "check": "web",
        "metric": "health_check_failures_total",
        "silence": numbers["silence"],
        "incident": numbers["incident"],
        "channel": "ops",
        "mail": "20260105T090000000000-00000000",
        "component": "web",
        "deployment": str(made.deployment.pk),
        "gate": "CALENDAR",
        "service": "web",
        "item": "staging_thorough",
        "freeze": str(FreezeWindow.objects.latest("pk").pk),
        "kind": "STARTED",
        "token": "pulse_ping_nobody",
        "id": str(made.key.pk),
        "key_id": str(made.key.pk),
        "user_id": str(make_user().pk),
        "content_type_id": "1",
        "app_label": "flags",
        "url": "nowhere/",
    }
    waiting = {"deployment": str(Deployment.objects.latest("pk").pk)}  # for pages: the API has cancelled the other one
    of = {True: values | waiting, False: values}
    return {route: "/" + address(route, of[route.startswith("admin/")], numbers) for route in routes()}


def address(route: str, values: dict[str, str], numbers: dict[str, str]) -> str:
    model = re.match(r"admin/(\w+)/(\w+)/", route)
    known = dict(values)
    if model and "object_id" in route and model[1] in {config.label for config in apps.get_app_configs()}:
        row = apps.get_model(model[1], model[2])._default_manager.first()
        known["object_id"] = str(row.pk) if row else "1"
    for part, named in NAMED.items():
        if f"/{part}/" in route:
            known |= named
    if "/schedules/" in route or "/scheduled-changes/" in route:
        known |= {"key": "asked", "id": numbers["schedule"]}
    if "/rules/" in route and "/flags/" not in route:
        known["key"] = "errors"
    for part, name in NUMBERED.items():
        if f"/{part}/" in route:
            known["id"] = numbers[name]
    known.setdefault("object_id", "1")
    plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: known[name[1]], re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route))
    return plain.replace("^", "").replace("$", "")


def ask(client: Client, method: str, path: str) -> HttpResponseBase:
    if method in SAFE:
        return client.generic(method, path)
    if path.startswith("/api/"):
        return ask_api(client, method, path, BODY)
    return client.generic(method, path, encode_multipart(BOUNDARY, BODY), content_type=MULTIPART_CONTENT)


def ask_api(client: Client, method: str, path: str, body: dict[str, Any]) -> HttpResponseBase:
    """Whoever is let in learns which fields there are, and asks again with those."""
    answer = client.generic(method, path, json.dumps(body).encode(), content_type="application/json")
    if answer.status_code == 400:
        unknown = {one["field"] for one in answer.json()["errors"] if "no such field" in one["message"]}
        known = {name: value for name, value in body.items() if name not in unknown}
        return ask_api(client, method, path, known) if unknown else answer
    return answer


def to_login(answer: HttpResponseBase) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/admin/login/")


def kept_out(client: Client, answer: HttpResponseBase) -> bool:
    """Refused, asked to sign in, shown nothing, or sent where one is kept out."""
    if answer.status_code in (301, 302) and not to_login(answer):
        return kept_out(client, client.get(answer.headers["Location"]))
    return answer.status_code in (401, 403, 404, 405) or to_login(answer) or not getattr(answer, "content", b"-")


def assert_kept_out(client: Client, method: str, addresses: dict[str, str], *, but: set[str]) -> None:
    walked = [(path, ask(client, method, path)) for route, path in addresses.items() if route not in but]
    found = [f"{method} {path} -> {answer.status_code}" for path, answer in walked if not kept_out(client, answer)]
    assert not found, "\n".join(found)


def written_by(client: Client, method: str, path: str) -> tuple[int, set[str]]:
    """The answer's status, and the tables that were written to on the way."""
    tables = set()

    def look(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        if match := WRITING.match(sql):
            tables.add(match[2])
        return execute(sql, *others)

    with connection.execute_wrapper(look):
        status = ask(client, method, path).status_code
    return status, {table for table in tables if not table.startswith(MACHINE_WRITTEN)}


def signed_in(role: str | None) -> Client:
    client = Client()
    client.force_login(make_user(role=role or ""), backend=BACKEND)
    return client


@pytest.fixture
def same_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks stays the same for a whole walk, so session, person and permissions are read once and not per address.
    Not for whoever changes things on the way."""
    known: dict[str, Any] = {}
    read = auth.get_user

    def get_user(request: HttpRequest) -> Any:
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if session not in known:
            known[session] = read(request)
        return known[session]

    monkeypatch.setattr(auth, "get_user", get_user)


@pytest.fixture
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that refuses is the same with every method: it is drawn with GET and POST, and with others not."""
    drawn = TemplateResponse.rendered_content.fget  # type: ignore[attr-defined]

    def rendered_content(response: TemplateResponse) -> Any:
        return "" if response.status_code in (403, 404) else drawn(response)

    if request.getfixturevalue("method") not in ("GET", "POST"):
        monkeypatch.setattr(TemplateResponse, "rendered_content", property(rendered_content))


@pytest.mark.parametrize("method", [*SAFE, *UNSAFE])
def test_nobody_gets_in_anonymously(addresses: dict[str, str], method: str) -> None:
    assert_kept_out(Client(), method, addresses, but=PUBLIC)


@pytest.mark.usefixtures("same_person", "undrawn")
@pytest.mark.parametrize("method", [*SAFE, *UNSAFE])
def test_whoever_has_no_role_sees_the_frame_alone(addresses: dict[str, str], method: str) -> None:
    assert_kept_out(signed_in(None), method, addresses, but=PUBLIC | SIGNED_IN)


@pytest.mark.usefixtures("same_person", "undrawn")
@pytest.mark.parametrize("method", UNSAFE)
def test_a_viewer_changes_nothing(addresses: dict[str, str], method: str) -> None:
    viewer, found = signed_in("Viewer"), []
    for route, path in addresses.items():
        if route in PUBLIC | SIGNED_IN:
            continue
        status, tables = written_by(viewer, method, path)
        read = route in READS_BY_POST or READ_BY_ANY_METHOD.match(route)
        if tables or (200 <= status < 300 and not read) or (route.startswith("api/") and not read and status < 400):
            found.append(f"{method} {path} -> {status}, wrote {tables or 'nothing'}")
    assert not found, "\n".join(found)


def test_an_administrator_does_write_on_this_walk(addresses: dict[str, str]) -> None:
    """Proves that the bodies are good enough for the test above to mean something."""
    administrator = signed_in("Administrator")
    wrote = {route for route, path in addresses.items() if written_by(administrator, "POST", path)[1]}
    assert {
        "api/v1/projects/",
        "api/v1/projects/<slug:project>/environments/",
        "api/v1/projects/<slug:project>/flags/<flag_key:flag>/states/<slug:environment>/kill/",
        "admin/p/<slug:project>/<slug:environment>/flags/<str:key>/kill/",
        "admin/p/<slug:project>/<slug:environment>/deployments/<int:deployment>/tick/",
        "admin/p/<slug:project>/<slug:environment>/services/<slug:service>/target/secret/",
        "api/v1/projects/<slug:project>/change-requests/<int:id>/approve/",
        "api/v1/projects/<slug:project>/scheduled-changes/<int:id>/cancel/",
        "api/v1/projects/<slug:project>/environments/<slug:environment>/checks/<check_key:check>/archive/",
        "api/v1/projects/<slug:project>/environments/<slug:environment>/deployments/<int:deployment>/cancel/",
        "api/v1/projects/<slug:project>/freeze-windows/<int:freeze>/end/",
    } <= wrote


def test_every_exception_still_exists() -> None:
    assert set(routes()) >= PUBLIC | SIGNED_IN | READS_BY_POST
