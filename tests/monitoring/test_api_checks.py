"""Health checks over REST."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.models import AuditEntry, Project
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.models import HealthCheck
from tests.callers import as_key, as_role
from tests.factories import make_check, make_key, make_project
from tests.factories.checks import hear
from tests.monitoring.probing import way_out

pytestmark = pytest.mark.django_db
CHECKS = "/api/v1/projects/shop/environments/production/checks/"
WEB = f"{CHECKS}web/"
NEW = {
    "key": "web",
    "name": "Web",
    "kind": "HTTP",
    "config": {"url": "https://shop.example.com/"},
    "failures": 2,
    "reason": "launch",
}
DATABASE = NEW | {
    "key": "orders",
    "kind": "POSTGRES",
    "config": {"host": "db.example.com", "database": "orders", "user": "watcher"},
    "secret": "hunter2 hunter2",
}
NIGHTLY = NEW | {"key": "nightly", "kind": "HEARTBEAT", "config": {"period_seconds": 3600}}


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


@pytest.fixture
def ci(shop: Project) -> APIClient:
    services.make_partitions(at=clock.now())
    return as_key(make_key(project=shop, writing=True, name="ci"))


def test_a_check_is_made_and_read_back(ci: APIClient) -> None:
    answer = ci.post(CHECKS, NEW)
    assert answer.status_code == 201
    made = answer.json()
    assert made["ping_url"] == ""
    assert made["check"] | {"state": "NEW", "words": "new", "failures": 2, "version": 1} == made["check"]
    assert ci.get(WEB).json() == made["check"]
    assert ci.get(CHECKS).json()["results"] == [made["check"]]
    assert ci.get(f"{CHECKS}?kind=TCP").json()["results"] == []
    entry = AuditEntry.objects.get(kind="monitoring.check_created")
    assert (entry.actor_label, entry.reason) == ("ci", "launch")


@pytest.mark.parametrize(
    ("change", "status", "fields"),
    [
        ({"key": "Web"}, 400, ["key"]),
        ({"kind": "REPORTED"}, 400, ["kind"]),
        ({"config": {}}, 400, ["config.url"]),
        ({"config": {"url": "ftp://x", "color": 1}}, 400, ["config.color", "config.url"]),
        ({"config": {"url": "https://me:secret@x/"}}, 400, ["config.url"]),
        ({"secret": "x"}, 400, ["secret"]),
        ({"period_seconds": 1}, 400, ["period_seconds"]),
        ({"period_seconds": "60"}, 400, ["period_seconds"]),
        ({"failures": 0}, 400, ["failures"]),
        ({"reason": " "}, 400, ["reason"]),
        ({"colour": "red"}, 400, ["colour"]),
    ],
)
def test_a_check_that_makes_no_sense_is_refused_by_name(
    ci: APIClient, change: dict[str, Any], status: int, fields: list[str]
) -> None:
    answer = ci.post(CHECKS, NEW | change)
    assert answer.status_code == status
    assert sorted(error["field"] for error in answer.json()["errors"]) == fields
    assert not HealthCheck.objects.exists()


def test_a_key_is_taken_once_until_its_check_is_archived(ci: APIClient) -> None:
    ci.post(CHECKS, NEW)
    assert (taken := ci.post(CHECKS, NEW)).status_code == 409
    assert taken.json()["code"] == "already_exists"
    assert ci.post(f"{WEB}archive/", {"reason": "gone"}).status_code == 200
    assert ci.get(WEB).status_code == 404
    assert ci.post(CHECKS, NEW).status_code == 201


def test_a_password_is_kept_encrypted_and_never_shown(ci: APIClient) -> None:
    answer = ci.post(CHECKS, DATABASE)
    assert answer.json()["check"]["has_secret"] is True
    changed = ci.patch(f"{CHECKS}orders/", {"secret": "hunter3 hunter3", "reason": "rotated"})
    assert changed.status_code == 200
    rows = [*AuditEntry.objects.values(), *HealthCheck.objects.values()]
    assert not [text for text in (answer.content, changed.content, *rows) if "hunter" in str(text)]
    assert AuditEntry.objects.get(kind="monitoring.check_changed").changes == {"password": ["***", "***"]}
    assert ci.patch(f"{CHECKS}orders/", {"secret": "", "reason": "none"}).json()["has_secret"] is False


def test_a_change_knows_what_it_was_made_on(ci: APIClient) -> None:
    ci.post(CHECKS, NEW)
    changed = ci.patch(WEB, {"name": "Shop", "expected_version": 1, "reason": "better"})
    assert (changed.json()["name"], changed.json()["version"]) == ("Shop", 2)
    stale = ci.patch(WEB, {"name": "Store", "expected_version": 1, "reason": "better"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert AuditEntry.objects.get(kind="monitoring.check_changed").changes == {"name": ["Web", "Shop"]}


def test_a_check_is_paused_and_resumed(ci: APIClient) -> None:
    ci.post(CHECKS, NEW)
    why = {"reason": "moving"}
    assert ci.post(f"{WEB}resume/", why).json()["code"] == "check_is_not_paused"
    assert ci.post(f"{WEB}pause/", why).json()["state"] == "PAUSED"
    assert ci.post(f"{WEB}pause/", why).json()["code"] == "check_is_paused"
    assert ci.post(f"{WEB}run/").json()["code"] == "check_is_paused"
    assert ci.post(f"{WEB}resume/", why).json()["state"] == "NEW"


def test_a_check_is_run_when_it_is_asked_for(ci: APIClient, shop: Project) -> None:
    at = clock.now() - timedelta(minutes=1)
    check = make_check(shop.environments.get(key="production"), at=at, period_seconds=3_600, failures=2)
    services.run_due_checks(at=at, egress=way_out())
    assert services.run_due_checks(at=clock.now(), egress=way_out()) == 0
    assert ci.post(f"{WEB}run/").status_code == 202
    assert services.run_due_checks(at=clock.now(), egress=way_out()) == 1
    read = ci.get(WEB).json()
    assert (read["state"], read["words"], read["last_ok"]) == ("DOWN", "down", False)
    results = ci.get(f"{WEB}results/").json()["results"]
    assert [one["ok"] for one in results] == [False, False]
    assert "documentation address" in results[0]["reason"]
    since = check.created_at + timedelta(seconds=1)
    assert len(ci.get(f"{WEB}results/", {"since": since.isoformat()}).json()["results"]) == 1
    days = ci.get(f"{WEB}days/").json()["results"]
    assert (len(days), days[-1]["share"]) == (90, None)


def test_a_heartbeat_s_address_is_shown_once(ci: APIClient) -> None:
    made = ci.post(CHECKS, NIGHTLY).json()
    assert made["ping_url"].startswith("http://127.0.0.1:8000/ping/pulse_ping_")
    token = made["ping_url"].rpartition("/")[2]
    assert hear(token=token, said=Ping.SUCCESS, at=clock.now())
    assert token not in str(ci.get(CHECKS).content)
    assert ci.get(f"{CHECKS}nightly/").json()["state"] == "UP"
    fresh = ci.post(f"{CHECKS}nightly/new-ping-address/", {"reason": "leaked"}).json()
    assert fresh["ping_url"] != made["ping_url"]
    assert not hear(token=token, said=Ping.SUCCESS, at=clock.now())
    assert ci.post(f"{CHECKS}nightly/run/").json()["code"] == "check_is_not_run"
    ci.post(CHECKS, NEW)
    assert ci.post(f"{WEB}new-ping-address/", {"reason": "leaked"}).json()["code"] == "no_heartbeat"


def test_a_key_bound_to_the_environment_keeps_to_it(shop: Project) -> None:
    services.make_partitions(at=clock.now())
    bound = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    assert bound.post(CHECKS, NEW).status_code == 403
    assert bound.post(CHECKS.replace("production", "staging"), NEW).status_code == 201


@pytest.mark.parametrize(("role", "status"), [("Viewer", 403), ("Product", 403), ("Operator", 201)])
def test_of_people_operators_may(shop: Project, role: str, status: int) -> None:
    services.make_partitions(at=clock.now())
    assert as_role(role).get(CHECKS).status_code == 200
    assert as_role(role).post(CHECKS, NEW).status_code == status
