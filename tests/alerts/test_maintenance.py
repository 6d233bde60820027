"""Maintenance announced by hand: over the API, in the project's words, to whom the routes choose."""

from typing import Any

import pytest

from apps.alerts.models import Notification
from apps.core.models import AuditEntry, Environment
from tests.callers import as_role
from tests.factories import make_project
from tests.factories.delivery import make_channel, make_route
from tests.factories.deployments import make_service

pytestmark = pytest.mark.django_db
BODY = {"text": "The database moves.", "starts_at": "2026-12-01T22:00:00Z", "ends_at": "2026-12-01T23:00:00Z"}


@pytest.fixture
def environment() -> Environment:
    found = make_project(key="shop", name="Shop").environments.get(key="production")
    make_channel(found.project)
    return found


def announce(body: dict[str, Any], role: str = "Operator", environment: str = "production") -> Any:
    address = f"/api/v1/projects/shop/environments/{environment}/maintenance/"
    return as_role(role).post(address, body, format="json")


def test_it_goes_to_whom_the_routes_choose_and_into_the_trail(environment: Environment) -> None:
    make_channel(environment.project, key="customers")
    matchers = [{"label": "kind", "match": "=", "value": "maintenance"}]
    make_route(environment.project, key="customers", matchers=matchers, channels=["customers"])
    answer = announce(BODY)
    assert answer.status_code == 201
    (told,) = answer.json()["notifications"]
    assert (told["channel"], told["kind"], told["status"], told["why"]) == (
        "customers",
        "DEPLOYMENT",
        "PENDING",
        "route customers",
    )
    content = Notification.objects.get().content
    assert content["name"] == "Maintenance of Shop on Production from 2026-12-01 22:00 UTC"
    assert (
        content["seen"] == "Shop on Production may be slow or away from 2026-12-01 22:00 UTC to 2026-12-01 23:00 UTC."
    )
    assert content["description"].startswith("Why: The database moves.\n")
    entry = AuditEntry.objects.get(kind="alerts.maintenance_announced")
    assert (entry.environment, entry.reason) == (environment, "The database moves.")


def test_of_one_service(environment: Environment) -> None:
    make_service(environment, key="web")
    assert announce(BODY | {"service": "web"}).status_code == 201
    assert Notification.objects.get().content["name"].startswith("Maintenance of Web on Production")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends_at": "2026-12-01T22:00:00Z"}, "ends_at"),
        ({"text": " "}, "text"),
        ({"service": "nobody"}, "service"),
        ({"starts_at": None}, "starts_at"),
        ({"until": "tomorrow"}, "until"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    environment: Environment, wrong: dict[str, Any], field: str
) -> None:
    answer = announce(BODY | wrong)
    assert answer.status_code in (400, 422)
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert not Notification.objects.exists()


def test_who_may_not(environment: Environment) -> None:
    assert announce(BODY, role="Viewer").status_code == 403
    assert announce(BODY, environment="nowhere").status_code == 404
