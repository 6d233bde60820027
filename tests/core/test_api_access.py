"""Who gets in: sessions, keys of every kind, and nobody else."""

import logging

import pytest
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.test import APIClient

from apps.core.api import throttling
from apps.core.live.keyring import keyring
from apps.core.live.rate_limits import RateLimiter
from apps.core.models import Project
from tests.callers import as_key, as_role, know_keys
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db
PROJECTS = "/api/v1/projects/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def test_anonymous_is_asked_for_credentials(client: APIClient) -> None:
    answer = client.get(PROJECTS)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="PulseOps"'
    assert answer.json()["code"] == "not_authenticated"


def test_a_view_that_declares_nothing_is_open_to_nobody() -> None:
    from rest_framework.views import APIView

    from apps.core.api.permissions import Denied

    assert APIView.permission_classes == [Denied]
    assert not Denied().has_permission(Request(HttpRequest()), APIView())


@pytest.mark.parametrize("role", ["Viewer", "Product", "Operator", "Administrator"])
def test_every_role_may_read(shop: Project, role: str) -> None:
    assert as_role(role).get(PROJECTS).status_code == 200


def test_a_person_without_a_role_may_nothing(shop: Project) -> None:
    answer = as_role(None).get(PROJECTS)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_session_needs_the_csrf_token(shop: Project) -> None:
    strict = as_role("Administrator", enforce_csrf_checks=True)
    answer = strict.patch(f"{PROJECTS}shop/", {"name": "New"})
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_a_key_needs_no_csrf_token(shop: Project) -> None:
    issued = make_key(project=shop, writing=True)
    know_keys()
    strict = APIClient(enforce_csrf_checks=True)
    strict.credentials(HTTP_X_API_KEY=issued.token)
    assert strict.patch(f"{PROJECTS}shop/", {"name": "New"}).status_code == 200


@pytest.mark.parametrize("header", ["HTTP_AUTHORIZATION", "HTTP_X_API_KEY"])
def test_both_headers_carry_a_key(shop: Project, header: str) -> None:
    token = make_key(project=shop, management=True).token
    know_keys()
    client = APIClient()
    client.credentials(**{header: f"bearer {token}" if header == "HTTP_AUTHORIZATION" else token})
    assert client.get(f"{PROJECTS}shop/").status_code == 200


@pytest.mark.parametrize("token", ["", "pulse_management_guess", "\udcff", "x" * 5_000])
def test_an_unknown_key_is_refused_even_beside_a_session(shop: Project, token: str) -> None:
    person = as_role("Administrator")
    person.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = person.get(PROJECTS)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_an_ended_key_is_refused(shop: Project, state: str) -> None:
    issued = make_key(project=shop, management=True, expired=state == "expired", revoked=state == "revoked")
    assert as_key(issued).get(PROJECTS).status_code == 401


def test_a_key_that_memory_does_not_know_is_looked_up_once_a_second(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshes = []
    know_keys()
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=make_key(project=shop, management=True).token)
    monkeypatch.setattr(keyring, "_looked_at", -10.0)
    monkeypatch.setattr(type(keyring), "refresh", lambda self, facts: refreshes.append(facts))
    for _ in range(50):
        assert client.get(PROJECTS).status_code == 401
    assert len(refreshes) == 1


def test_a_process_without_a_follower_finds_a_new_key(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=make_key(project=shop, management=True).token)
    monkeypatch.setattr(keyring, "_looked_at", -10.0)
    monkeypatch.setattr(keyring, "_stamp", None)
    assert client.get(PROJECTS).status_code == 200


@pytest.mark.parametrize("kind", ["CLIENT", "SERVER", "INGEST"])
def test_other_kinds_of_keys_do_not_manage(shop: Project, kind: str) -> None:
    issued = make_key(environment=shop.environments.get(key="staging"), kind=kind, scopes=("read", "write"))
    answer = as_key(issued).get(f"{PROJECTS}shop/flags/")
    assert answer.status_code == 403
    assert "management key" in answer.json()["detail"]


def test_a_key_sees_its_own_project_alone(shop: Project) -> None:
    make_project(key="blog")
    client = as_key(make_key(project=shop, management=True))
    assert [row["key"] for row in client.get(PROJECTS).json()["results"]] == ["shop"]
    assert client.get(f"{PROJECTS}shop/").status_code == 200
    for other in ("blog", "no-such-project"):
        answer = client.get(f"{PROJECTS}{other}/")
        assert (answer.status_code, answer.json()["detail"]) == (403, "This key belongs to another project.")


def test_a_reading_key_does_not_write(shop: Project) -> None:
    answer = as_key(make_key(project=shop, management=True)).patch(f"{PROJECTS}shop/", {"name": "New"})
    assert (answer.status_code, "only read" in answer.json()["detail"]) == (403, True)


def test_no_key_creates_projects(shop: Project) -> None:
    answer = as_key(make_key(project=shop, writing=True)).post(PROJECTS, {"key": "blog", "name": "Blog"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only people create projects.")


def test_a_bound_key_changes_nothing_project_wide(shop: Project) -> None:
    client = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    refused = [
        client.patch(f"{PROJECTS}shop/", {"name": "New"}),
        client.post(f"{PROJECTS}shop/environments/", {"key": "qa", "name": "QA", "kind": "STAGING"}),
        client.patch(f"{PROJECTS}shop/environments/staging/", {"name": "Mine"}),
        client.get(f"{PROJECTS}shop/environments/production/"),
        client.post(f"{PROJECTS}shop/keys/", {"kind": "MANAGEMENT", "name": "more"}),
        client.post(f"{PROJECTS}shop/flags/", {"key": "a", "name": "A", "type": "boolean"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    environments = client.get(f"{PROJECTS}shop/environments/").json()["results"]
    assert [one["key"] for one in environments] == ["staging"]
    assert client.get(f"{PROJECTS}shop/audit/?environment=production").status_code == 403
    entries = client.get(f"{PROJECTS}shop/audit/").json()["results"]
    assert {entry["environment"] for entry in entries} == {"staging"}
    assert {key["environment"] for key in client.get(f"{PROJECTS}shop/keys/").json()["results"]} == {"staging"}


def test_too_many_requests_from_one_address_wait(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter(0.5)
    monkeypatch.setattr(throttling, "addresses", lambda: limiter)
    client = as_role("Viewer")
    answers = [client.get(PROJECTS), client.get(PROJECTS)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1]["Retry-After"] == "2"
    assert (answers[1]["Content-Type"], answers[1].json()["code"]) == ("application/problem+json", "throttled")


def test_guessing_keys_is_throttled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter(0.5)
    monkeypatch.setattr(throttling, "addresses", lambda: limiter)
    client = APIClient()
    client.credentials(HTTP_X_API_KEY="guess")
    assert [client.get(PROJECTS).status_code for _ in range(3)] == [401, 429, 429]


def test_one_key_has_a_limit_of_its_own(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter(0.5)
    monkeypatch.setattr(throttling, "keys", lambda: limiter)
    first, second = (as_key(make_key(project=shop, management=True)) for _ in range(2))
    first = as_key(make_key(project=shop, management=True))
    assert [one.get(PROJECTS).status_code for one in (first, first, second)] == [200, 429, 200]


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),  # nobody of ours stands in front: the header is a claim
        (1, "9.9.9.9, 8.8.8.8", "8.8.8.8"),
        (2, "9.9.9.9, 8.8.8.8", "9.9.9.9"),
        (2, "8.8.8.8", "127.0.0.1"),  # fewer than our proxies would have written
    ],
)
def test_the_client_is_whom_our_proxies_saw(
    settings: object, rf: object, hops: int, forwarded: str, address: str
) -> None:
    settings.PROXY_HOPS = hops  # type: ignore[attr-defined]
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})  # type: ignore[attr-defined]
    assert throttling.client_address(request) == address


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/projects/nowhere/", 404, "not_found"),
        ("get", "/api/v1/nowhere/", 404, "not_found"),
        ("post", "/api/v1/projects", 404, "not_found"),
        ("get", "/api/", 404, "not_found"),
        ("get", "/api/v1/projects/%00/", 404, "not_found"),
        ("put", "/api/v1/projects/", 405, "method_not_allowed"),
        ("options", "/api/v1/projects/", 405, "method_not_allowed"),
        ("delete", "/api/v1/projects/shop/", 405, "method_not_allowed"),
    ],
)
def test_every_refusal_is_a_problem(shop: Project, method: str, path: str, status: int, code: str) -> None:
    answer = getattr(as_role("Administrator"), method)(path)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:pulseops:problem:{code.replace('_', '-')}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == answer["X-Request-Id"]


def test_a_missing_slash_is_pointed_out(client: APIClient) -> None:
    assert "ends with a slash" in client.get("/api/v1/projects").json()["detail"]


def test_other_media_types_are_refused(shop: Project) -> None:
    answer = as_role("Administrator").post(PROJECTS, data="key=a", content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_what_breaks_is_logged_and_not_told(
    shop: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("apps.core.selectors.projects", break_)
    with caplog.at_level(logging.ERROR):
        answer = as_role("Viewer").get(PROJECTS)
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert "secret" not in answer.content.decode()
    assert "secret detail" in caplog.text


def test_a_database_that_is_away_says_try_again(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("apps.core.selectors.projects", away)
    answer = as_role("Viewer").get(PROJECTS)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "database_away")
