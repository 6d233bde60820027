"""Services, releases and deployments over the API: made, listed, asked for, recorded."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry, Environment
from apps.deployments.models import Deployment, Release, Target
from tests.callers import as_key, as_role
from tests.factories import make_key, make_project
from tests.factories.deployments import make_deployment, make_release, make_target

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/shop/"
SERVICES, MATRIX, RELEASES = f"{BASE}services/", f"{BASE}services/matrix/", f"{BASE}services/web/releases/"
STAGING, PRODUCTION = f"{BASE}environments/staging/deployments/", f"{BASE}environments/production/deployments/"
WEB = {"key": "web", "name": "Web shop", "reason": "launch"}
SHA = "4f2a91c0d5a8e6b7f3c29a1d80e4b6c5d7f8a9b0"


@pytest.fixture
def production() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def staging(production: Environment) -> Environment:
    return production.project.environments.get(key="staging")


def ask(client: Any, url: str, body: dict[str, Any], key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(url, body, format="json", headers=headers)


def fields_at_fault(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


# Services and releases


def test_a_service_is_made_changed_and_listed(production: Environment) -> None:
    operator = as_role("Operator")
    assert ask(operator, SERVICES, WEB).status_code == 201
    assert ask(operator, SERVICES, WEB).json()["code"] == "already_exists"
    change = {"description": "What customers see", "expected_version": 1}
    assert operator.patch(f"{SERVICES}web/", change, format="json").json()["version"] == 2
    assert operator.patch(f"{SERVICES}web/", change, format="json").json()["code"] == "stale_version"
    listed = operator.get(SERVICES).json()["results"]
    assert listed == [operator.get(f"{SERVICES}web/").json()]
    assert (listed[0]["description"], listed[0]["checklist"]) == ("What customers see", None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"key": "Not A Key"}, "key"), ({"key": "matrix"}, "key"), ({"colour": "red"}, "colour"), ({"name": ""}, "name")],
)
def test_a_service_at_fault_is_named(production: Environment, wrong: dict[str, Any], field: str) -> None:
    assert fields_at_fault(ask(as_role("Operator"), SERVICES, WEB | wrong)) == [field]


def test_a_release_is_made_once(staging: Environment) -> None:
    make_target(staging)
    ci = as_key(make_key(environment=staging, writing=True))
    built = {"version": "2.0.0", "commit_sha": SHA, "commit_author": "Ada"}
    first, again = ask(ci, RELEASES, built), ask(ci, RELEASES, built)
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    other = ask(ci, RELEASES, built | {"commit_sha": SHA[::-1]})
    assert (other.status_code, other.json()["code"], fields_at_fault(other)) == (409, "release_exists", ["version"])
    assert [row["version"] for row in ci.get(f"{RELEASES}?commit={SHA[:7]}").json()["results"]] == ["2.0.0"]
    assert [row["version"] for row in ci.get(f"{RELEASES}?version=1.0.0").json()["results"]] == ["1.0.0"]


def test_the_matrix_says_what_is_where(staging: Environment, production: Environment) -> None:
    make_target(staging, live="2.0.0")
    make_target(production, live="1.9.0")
    make_target(production, key="mail", live="")
    cells = as_role("Viewer").get(MATRIX).json()["results"]
    told = [(one["service"], one["environment"], one["release"] and one["release"]["version"]) for one in cells]
    assert told == [("mail", "production", None), ("web", "staging", "2.0.0"), ("web", "production", "1.9.0")]
    bound = as_key(make_key(environment=staging, management=True))
    assert [one["environment"] for one in bound.get(MATRIX).json()["results"]] == ["staging"]


# Asking for one


def test_a_deployment_is_asked_for(staging: Environment) -> None:
    target = make_target(staging)
    make_release(target.service, "2.0.0")
    steps = [{"weight": 5_000, "hold_seconds": 60}, {"weight": 100_000}]
    wanted = {"service": "web", "version": "2.0.0", "strategy": "CANARY", "steps": steps, "reason": "gift cards"}
    answer = ask(as_role("Operator"), STAGING, wanted)
    told = answer.json()
    assert answer.status_code == 201
    assert (told["state"], told["release"]["version"], told["message"]) == ("CHECKING", "2.0.0", "gift cards")
    assert [step["weight"] for step in told["plan"]["steps"]] == [5_000, 100_000]
    assert [phase["name"] for phase in told["phases"] if phase["began_at"]] == ["before"]
    assert as_role("Viewer").get(f"{STAGING}{told['id']}/").json() == told


def test_the_release_may_come_along(staging: Environment) -> None:
    make_target(staging)
    ci = as_key(make_key(environment=staging, writing=True))
    wanted = {"service": "web", "version": "2.0.0", "release": {"commit_sha": SHA}}
    assert ask(ci, STAGING, wanted).json()["release"]["commit_sha"] == SHA
    assert ask(ci, STAGING, wanted | {"release": {"commit_sha": SHA[::-1]}}).json()["code"] == "release_exists"


def test_the_same_key_again_is_the_same_deployment(staging: Environment) -> None:
    make_target(staging)
    ci = as_key(make_key(environment=staging, writing=True))
    wanted = {"service": "web", "version": "1.0.0"}
    first, again = ask(ci, STAGING, wanted, key="run-17"), ask(ci, STAGING, wanted, key="run-17")
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])
    other = ask(ci, STAGING, wanted | {"version": "9.0.0", "release": {}}, key="run-17")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert not Release.objects.filter(number="9.0.0").exists()
    assert fields_at_fault(ask(ci, STAGING, wanted, key="x" * 201)) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"service": "nobody"}, "service"),
        ({"version": "9.9.9"}, "version"),
        ({"strategy": "BIG_BANG"}, "strategy"),
        ({"strategy": "CANARY", "steps": [{"weight": 5_000}]}, "steps[0].weight"),
        ({"strategy": "CANARY", "steps": [{"weight": 9}, {"weight": 9}, {"weight": 100_000}]}, "steps[1].weight"),
        ({"steps": [{"weight": 100_000, "colour": "red"}]}, "steps[0].colour"),
        ({"watch_seconds": -1}, "watch_seconds"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at"),
        ({"succeeded": True}, "succeeded"),
        ({"elsewhere": True, "strategy": "CANARY"}, "strategy"),
        ({"hotfix": True}, "reason"),
    ],
)
def test_a_request_at_fault_is_named(staging: Environment, wrong: dict[str, Any], field: str) -> None:
    make_target(staging)
    answer = ask(as_role("Operator"), STAGING, {"service": "web", "version": "1.0.0"} | wrong)
    assert (answer.status_code, fields_at_fault(answer)) == (400, [field])


# Recording one


def test_one_request_records_what_was_done_elsewhere(production: Environment) -> None:
    ci = as_key(make_key(environment=production, writing=True))
    done = {"elsewhere": True, "service": "web", "version": "2.0.0", "release": {"commit_sha": SHA}}
    answer = ask(ci, PRODUCTION, done | {"started_at": "2026-01-05T09:00:00Z"}, key="run-1")
    told = answer.json()
    assert answer.status_code == 201
    assert (told["state"], told["elsewhere"], told["previous"]) == ("SUCCEEDED", True, None)
    assert told["started_at"] == "2026-01-05T09:00:00Z"
    again = ask(ci, PRODUCTION, done, key="run-1")
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    target = Target.objects.get(service__key="web", environment=production)
    assert (str(target.live_release), Deployment.objects.count()) == ("2.0.0", 1)
    kinds = ["service_created", "target_created", "release_created", "recorded"]
    found = AuditEntry.objects.filter(kind__startswith="deployments.").order_by("pk").values_list("kind", flat=True)
    assert list(found) == [f"deployments.{kind}" for kind in kinds]


def test_what_failed_elsewhere_is_not_what_is_live(production: Environment) -> None:
    make_target(production, live="1.0.0")
    done = {"elsewhere": True, "service": "web", "version": "2.0.0", "succeeded": False}
    told = ask(as_role("Operator"), PRODUCTION, done).json()
    assert (told["state"], told["previous"]) == ("ROLLED_BACK", "1.0.0")
    assert str(Target.objects.get(environment=production).live_release) == "1.0.0"


# Who may


def test_a_key_of_another_environment_records_nothing(production: Environment, staging: Environment) -> None:
    ci = as_key(make_key(environment=staging, writing=True))
    done = {"elsewhere": True, "service": "web", "version": "2.0.0"}
    assert ask(ci, PRODUCTION, done).status_code == 403
    assert ask(as_role("Product"), PRODUCTION, done).status_code == 403
    assert not Deployment.objects.exists()


def test_a_key_asks_for_no_hotfix(staging: Environment) -> None:
    make_target(staging)
    ci = as_key(make_key(environment=staging, writing=True))
    answer = ask(ci, STAGING, {"service": "web", "version": "1.0.0", "hotfix": True, "reason": "fire"})
    assert (answer.status_code, answer.json()["code"]) == (403, "only_people_override")


# The list


def test_a_longer_list_takes_no_more_queries(staging: Environment) -> None:
    target, viewer = make_target(staging), as_role("Viewer")
    make_deployment(target)
    with CaptureQueriesContext(connection) as few:
        assert len(viewer.get(STAGING).json()["results"]) == 2
    for _ in range(5):
        make_deployment(target)
    with CaptureQueriesContext(connection) as many:
        assert len(viewer.get(STAGING).json()["results"]) == 7
    assert len(many) == len(few)


def test_the_history_is_narrowed(staging: Environment) -> None:
    web, mail = make_target(staging, live="1.0.0"), make_target(staging, key="mail", live="7.0.0")
    operator = as_role("Operator")
    asked = {"service": "web", "version": "2.0.0", "release": {"commit_sha": SHA}}
    first = ask(operator, STAGING, asked).json()["id"]
    recorded = web.deployments.get(release__number="1.0.0").pk
    other = mail.deployments.get().pk

    def found(query: str) -> list[int]:
        return [row["id"] for row in operator.get(f"{STAGING}?{query}").json()["results"]]

    assert found("") == [first, other, recorded]
    assert found("service=web") == [first, recorded]
    assert found("state=SUCCEEDED") == [other, recorded]
    assert found("version=1.0.0") == [recorded]
    assert found(f"commit={SHA[:8]}") == [first]
    assert found("until=2026-01-06T00:00:00Z") == [other, recorded]
    assert found("since=2026-01-06T00:00:00Z") == [first]
    assert operator.get(f"{STAGING}?limit=1").json()["next"]
    assert fields_at_fault(operator.get(f"{STAGING}?colour=red")) == ["colour"]
