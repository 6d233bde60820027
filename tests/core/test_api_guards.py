"""Guards over REST: whoever watches says green or red."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core.models import AuditEntry, Hold, Project
from tests.callers import as_key, as_role
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db
GUARDS = "/api/v1/projects/shop/environments/production/guards/"
ERRORS = f"{GUARDS}error_rate_critical/"
RED = {"verdict": "RED", "reason": "4.2 % errors", "valid_seconds": 300}


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


@pytest.fixture
def ci(shop: Project) -> APIClient:
    return as_key(make_key(project=shop, writing=True, name="watcher"))


def test_a_verdict_is_written_and_read_back(ci: APIClient) -> None:
    answer = ci.put(ERRORS, RED)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["guard"], body["verdict"], body["green"], body["words"]) == (
        "error_rate_critical",
        "RED",
        False,
        "4.2 % errors",
    )
    assert ci.get(ERRORS).json() == body
    assert ci.get(GUARDS).json()["results"] == [body]
    entry = AuditEntry.objects.get(kind="core.guard_turned")
    assert (entry.actor_label, entry.reason) == ("watcher", "4.2 % errors")


def test_a_verdict_lasts_as_long_as_it_says(ci: APIClient) -> None:
    ci.put(ERRORS, {"verdict": "GREEN", "valid_seconds": 86_400})
    hold = Hold.objects.get()
    assert (hold.valid_until - hold.changed_at).total_seconds() == 86_400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"valid_seconds": 0}, "valid_seconds"),
        ({"valid_seconds": 86_401}, "valid_seconds"),
        ({"valid_seconds": "300"}, "valid_seconds"),
        ({"verdict": "AMBER"}, "verdict"),
        ({"expected_version": 1}, "expected_version"),
    ],
)
def test_a_verdict_that_cannot_be_is_refused_by_name(ci: APIClient, change: dict[str, Any], field: str) -> None:
    answer = ci.put(ERRORS, RED | change)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Hold.objects.exists()


def test_a_guard_s_name_is_lower_case(ci: APIClient) -> None:
    answer = ci.put(f"{GUARDS}Error/", RED)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "guard")


def test_a_guard_that_never_spoke_is_not_found(ci: APIClient) -> None:
    assert ci.get(ERRORS).status_code == 404


def test_a_key_bound_to_the_environment_may_say_it_there_alone(shop: Project) -> None:
    staging = shop.environments.get(key="staging")
    bound = as_key(make_key(environment=staging, writing=True))
    assert bound.put(ERRORS, RED).status_code == 403
    assert bound.put(ERRORS.replace("production", "staging"), RED).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("Viewer", 403), ("Product", 403), ("Operator", 200)])
def test_of_people_operators_may(shop: Project, role: str, status: int) -> None:
    assert as_role(role).get(GUARDS).status_code == 200
    assert as_role(role).put(ERRORS, RED).status_code == status
