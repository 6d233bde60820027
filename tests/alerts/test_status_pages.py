"""The pages that manage the status page, and its API."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import selectors, services
from apps.alerts.models import StatusComponent, StatusPage
from apps.core.models import AuditEntry, Environment
from tests.callers import as_role
from tests.factories import ACTOR, AT, make_check, make_project
from tests.factories.status import make_component, make_status_page
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/shop/"
PRODUCTION = f"{BASE}environments/production/"


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")  # protected: it asks why


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def names() -> list[str]:
    return list(StatusComponent.objects.order_by("position").values_list("key", flat=True))


def test_a_page_is_made_filled_looked_at_and_published(environment: Environment, visitor: Visitor) -> None:
    make_check(environment)
    shows(visitor.get("status-page"), "No status page yet", "Make a status page")
    page: dict[str, Any] = {"title": "Shop", "slug": "shop", "text": "Hello", "version": 1, "reason": "launch"}
    assert visitor.post("status-settings", page).status_code == 302
    component = {"name": "Web", "key": "web", "checks": ["web"], "version": 1, "reason": "launch"}
    assert visitor.post("status-component-new", component).status_code == 302
    assert visitor.post("status-component-new", component | {"key": "mail", "checks": []}).status_code == 302
    shows(visitor.get("status-page"), "Not published", "answers 404 until it is published", "Operational")
    shows(visitor.get("status-preview"), "This is a preview", "Hello", "All systems are operational")
    assert visitor.post("status-settings", page | {"published": "on"}).status_code == 302
    assert StatusPage.objects.get().published
    shows(visitor.get("status-page"), "Published", "published the status page")
    assert visitor.post("status-settings", page).status_code == 409


def test_a_component_is_edited_told_moved_and_deleted(environment: Environment, visitor: Visitor) -> None:
    make_status_page(environment)
    for key in ("web", "mail", "chat"):
        make_component(environment, key=key)
    assert visitor.post("status-component-move", {"to": "up"}, key="chat").status_code == 302
    assert names() == ["web", "chat", "mail"]
    assert visitor.post("status-component-move", {"to": "down"}, key="web").status_code == 302
    assert names() == ["chat", "web", "mail"]
    row = StatusComponent.objects.get(key="web")
    edited = {"name": "Shop window", "version": row.version, "reason": "clearer"}
    assert visitor.post("status-component", edited, key="web").status_code == 302
    assert visitor.post("status-component", edited, key="web").status_code == 409
    told = {"state": "DEGRADED", "version": row.version + 1, "reason": "slow disks"}
    assert visitor.post("status-component-state", told, key="web").status_code == 302
    shows(visitor.get("status-component", key="web"), "set the state of the component", "slow disks")
    shows(visitor.get("status-page"), "Shop window", "Degraded performance")
    assert "slow disks" not in text(visitor.get("status-preview"))
    assert visitor.post("status-component-delete", {"version": row.version + 2}, key="web").status_code == 422
    gone = {"version": row.version + 2, "reason": "retired"}
    assert visitor.post("status-component-delete", gone, key="web").status_code == 302
    assert names() == ["chat", "mail"]


@pytest.mark.parametrize(
    ("page", "form", "told"),
    [
        ("status-settings", {"slug": "Not A Slug"}, "Use lower-case letters"),
        ("status-settings", {"title": ""}, "This field is required."),
        ("status-settings", {"reason": ""}, "Say why"),
        ("status-settings", {"slug": "taken"}, "already exists"),
        ("status-component-new", {"key": "web"}, "There is a component with this key already."),
        ("status-component-new", {"key": "Bad Key"}, "Use lower-case letters"),
    ],
)
def test_what_is_at_fault_is_told_at_its_field(
    environment: Environment, visitor: Visitor, page: str, form: dict[str, Any], told: str
) -> None:
    make_component(environment)
    make_status_page(environment.project.environments.get(key="staging"), slug="taken")
    good: dict[str, Any] = {
        "title": "Shop",
        "slug": "shop",
        "name": "Web",
        "key": "x",
        "version": 1,
        "reason": "launch",
    }
    answer = visitor.post(page, good | form)
    assert answer.status_code == 422
    shows(answer, told)
    assert names() == ["web"]


def test_viewers_look_and_change_nothing(environment: Environment) -> None:
    make_status_page(environment, published=False)
    make_component(environment)
    viewer = Visitor(environment.project, role="Viewer")
    page = viewer.get("status-page")
    shows(page, "Web", "Preview")
    assert "Add a component" not in text(page)
    assert viewer.get("status-preview").status_code == 200
    assert viewer.get("status-settings").status_code == 403
    assert viewer.post("status-component-move", {"to": "up"}, key="web").status_code == 403
    assert viewer.get("status-preview").status_code == 200


def test_the_state_that_people_set_is_remembered_in_the_bars(environment: Environment) -> None:
    row = make_component(environment, state="MAJOR_OUTAGE")
    given: dict[str, Any] = {"component_id": row.pk, "reason": "back", "expected_version": None}
    entry = AuditEntry.objects.filter(kind="alerts.component_state_set").get()
    assert entry.changes == {"state": ["OPERATIONAL", "MAJOR_OUTAGE"]}
    later = AT + timedelta(days=2)
    services.set_component_state(state="OPERATIONAL", actor=ACTOR, at=AT + timedelta(hours=1), **given)
    (told,) = selectors.page_told(make_status_page(environment), at=later).components
    assert told.state == "OPERATIONAL"
    assert [day.impact for day in told.days[-3:]] == ["MAJOR_OUTAGE", "OPERATIONAL", "OPERATIONAL"]


def test_the_api_does_all_of_it(environment: Environment) -> None:
    make_check(environment)
    operator = as_role("Operator")
    body = {"environment": "production", "slug": "shop", "title": "Shop", "reason": "launch"}
    made = operator.post(f"{BASE}status-pages/", body, format="json")
    assert (made.status_code, made.json()["published"], made.json()["version"]) == (201, False, 1)
    assert operator.post(f"{BASE}status-pages/", body, format="json").json()["code"] == "already_exists"
    open_it = {"published": True, "expected_version": 1, "reason": "launch"}
    assert operator.patch(f"{PRODUCTION}status-page/", open_it, format="json").json()["published"] is True
    assert operator.patch(f"{PRODUCTION}status-page/", open_it, format="json").json()["code"] == "stale_version"
    assert [one["slug"] for one in operator.get(f"{BASE}status-pages/").json()["results"]] == ["shop"]
    components = f"{PRODUCTION}status-components/"
    for key in ("web", "mail"):
        fields = {"key": key, "name": key, "checks": ["web"], "reason": "launch"}
        assert operator.post(components, fields, format="json").status_code == 201
    twice = operator.post(components, {"key": "web", "name": "x", "reason": "y"}, format="json")
    assert (twice.status_code, twice.json()["code"]) == (409, "already_exists")
    strange = operator.patch(f"{components}web/", {"checks": ["nothing"], "reason": "y"}, format="json")
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (400, "checks")
    moved = operator.post(f"{components}mail/move/", {"position": 0, "reason": "y"}, format="json")
    assert moved.json()["position"] == 0
    told = operator.post(f"{components}web/state/", {"state": "DEGRADED", "reason": "slow"}, format="json")
    assert told.json()["state"] == "DEGRADED"
    wrong = operator.post(f"{components}web/state/", {"state": "FINE", "reason": "slow"}, format="json")
    assert (wrong.status_code, wrong.headers["content-type"]) == (400, "application/problem+json")
    assert operator.post(f"{components}web/delete/", {"reason": "retired"}, format="json").status_code == 200
    assert [one["key"] for one in operator.get(components).json()["results"]] == ["mail"]
    viewer = as_role("Viewer")
    assert viewer.get(components).status_code == 200
    assert (
        viewer.post(f"{components}mail/state/", {"state": "DEGRADED", "reason": "x"}, format="json").status_code == 403
    )
    assert operator.post(components, {"key": "a", "name": "a"}, format="json").status_code == 400
