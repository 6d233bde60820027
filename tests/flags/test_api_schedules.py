"""Scheduled changes over REST."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.models import Project
from apps.flags import services
from apps.flags.models import ScheduledChange
from tests.callers import BACKEND, as_key, as_role
from tests.factories import make_flag, make_key, make_project, make_schedule, make_user, split_rule, state_in

pytestmark = pytest.mark.django_db
SCHEDULES = "/api/v1/projects/shop/scheduled-changes/"


@pytest.fixture
def shop() -> Project:
    project = make_project(key="shop")
    make_flag(project=project, key="checkout")
    return project


@pytest.fixture
def product(shop: Project) -> APIClient:
    return as_role("Product")


def body(**fields: Any) -> dict[str, Any]:
    apply_at = (clock.now() + timedelta(hours=1)).isoformat()
    return {"flag": "checkout", "environment": "staging", "apply_at": apply_at, "status": "ON", **fields}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_change_is_scheduled_and_applied(product: APIClient) -> None:
    sent = body(rules=split_rule(on=25, off=75), reason="launch", expected_version=1)
    answer = product.post(SCHEDULES, sent)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["flag"], told["environment"], told["status"], told["note"]) == ("checkout", "staging", "PENDING", "")
    assert told["patch"] == {"status": "ON", "rules": split_rule(on=25, off=75)}
    assert (told["base_version"], told["reason"], told["applied_at"]) == (1, "launch", None)
    assert datetime.fromisoformat(told["apply_at"]) == datetime.fromisoformat(sent["apply_at"])
    services.apply_due_changes(at=clock.now() + timedelta(hours=2))
    assert product.get(f"{SCHEDULES}{told['id']}/").json()["status"] == "APPLIED"
    assert product.get("/api/v1/projects/shop/flags/checkout/states/staging/").json()["status"] == "ON"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"apply_at": "2001-01-01T09:00:00Z"}, "apply_at"),
        ({"apply_at": "tomorrow"}, "apply_at"),
        ({"flag": "nowhere"}, "flag"),
        ({"environment": "nowhere"}, "environment"),
        ({"rules": split_rule(on=50, off=40)}, "rules[0].serve.split"),
        ({"status": "KILLED"}, "status"),
        ({"environment": "production"}, "reason"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(product: APIClient, fields: dict[str, Any], wrong: str) -> None:
    answer = product.post(SCHEDULES, body(**fields))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [wrong]
    assert not ScheduledChange.objects.exists()


def test_conflicts(product: APIClient, shop: Project) -> None:
    assert code(product.post(SCHEDULES, body(expected_version=7))) == (409, "stale_version")
    empty = {name: value for name, value in body().items() if name != "status"}
    assert code(product.post(SCHEDULES, empty)) == (409, "nothing_to_change")
    make_flag(project=shop, key="dead", killed=True)
    killed = body(flag="dead", environment="production", reason="x")
    assert code(product.post(SCHEDULES, killed)) == (409, "flag_is_killed")


def test_cancelling_twice_is_a_conflict(product: APIClient) -> None:
    url = f"{SCHEDULES}{product.post(SCHEDULES, body()).json()['id']}/cancel/"
    assert code(product.post(url, {"expected_version": 7})) == (409, "stale_version")
    assert product.post(url, {"reason": "not yet"}).json()["status"] == "CANCELLED"
    assert code(product.post(url)) == (409, "schedule_is_over")


def test_schedules_are_listed_newest_first_and_narrowed(product: APIClient, shop: Project) -> None:
    first = make_schedule(state_in(make_flag(project=shop, key="other")))
    second = product.post(SCHEDULES, body()).json()["id"]
    assert [row["id"] for row in product.get(SCHEDULES).json()["results"]] == [second, first.pk]
    for query, found in (
        ("flag=other", [first.pk]),
        ("environment=staging", [second]),
        ("status=PENDING", [second, first.pk]),
        ("status=APPLIED", []),
    ):
        assert [row["id"] for row in product.get(f"{SCHEDULES}?{query}").json()["results"]] == found
    assert product.get(f"{SCHEDULES}?flags=other").status_code == 400
    assert product.get(f"{SCHEDULES}?environment=nowhere").status_code == 400


@pytest.mark.parametrize("role", [None, "Viewer"])
def test_viewers_look_and_schedule_nothing(shop: Project, role: str | None) -> None:
    row, client = make_schedule(state_in(make_flag(project=shop))), as_role(role)
    assert client.post(SCHEDULES, body()).status_code == 403
    assert client.post(f"{SCHEDULES}{row.pk}/cancel/").status_code == 403
    assert client.get(f"{SCHEDULES}{row.pk}/").status_code == (200 if role else 403)


def test_a_protected_environment_asks_for_its_own_permission(shop: Project) -> None:
    user = make_user(role="Viewer")
    user.user_permissions.add(Permission.objects.get(codename="change_flagstate"))
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    row = make_schedule(state_in(make_flag(project=shop)))
    assert client.post(SCHEDULES, body()).status_code == 201
    assert client.post(SCHEDULES, body(environment="production", reason="x")).status_code == 403
    assert client.post(f"{SCHEDULES}{row.pk}/cancel/").status_code == 403


def test_a_bound_key_keeps_to_its_environment(shop: Project) -> None:
    row = make_schedule(state_in(make_flag(project=shop)))
    client = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    assert client.post(SCHEDULES, body()).status_code == 201
    assert client.post(SCHEDULES, body(environment="production", reason="x")).status_code == 403
    assert [each["environment"] for each in client.get(SCHEDULES).json()["results"]] == ["staging"]
    assert client.get(f"{SCHEDULES}?environment=production").status_code == 403
    assert client.post(f"{SCHEDULES}{row.pk}/cancel/").status_code == 404
