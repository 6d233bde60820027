"""Services in the browser: which version is where, making and editing one, and its checklist."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.domain.standard_items import STANDARD_ITEMS
from apps.deployments.models import Service
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project
from tests.factories.deployments import make_deployment, make_service, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def visitor(staging: Environment) -> Visitor:
    return Visitor(staging.project, role="Operator", environment="staging")


def checklist(version: int = 1, **choices: str) -> dict[str, Any]:
    usual = {item.key: "require" if item.required else "keep" for item in STANDARD_ITEMS}
    return {**usual, **choices, "version": version, "own-TOTAL_FORMS": 0, "own-INITIAL_FORMS": 0}


def own(*items: tuple[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"own-TOTAL_FORMS": len(items)}
    for n, (key, words) in enumerate(items):
        found |= {f"own-{n}-key": key, f"own-{n}-words": words, f"own-{n}-phase": "before", f"own-{n}-required": "on"}
    return found


def test_the_matrix_says_which_version_is_where(staging: Environment, visitor: Visitor, world: World) -> None:
    shows(visitor.get("service-list"), "Set up the first service")
    production = staging.project.environments.get(key="production")
    target = make_target(staging, driver="CADDY", live="1.4.0")
    make_target(production, live="1.3.0")
    make_deployment(target, number="1.5.0", at=world.at)
    world.run(20)
    page = visitor.get("service-list")
    cells = [part.partition("</td>")[0] for part in text(page).split('data-label="')[1:]]
    by_place = {part.partition('"')[0]: part for part in cells}
    assert "not set up" in by_place["Development"]
    assert all(words in by_place["Staging"] for words in ("1.5.0", "1.4.0", "Watching", "/staging/deployments/"))
    assert "1.3.0" in by_place["Production"]
    assert "Watching" not in by_place["Production"]
    assert "/production/deployments/" in by_place["Production"]


def test_more_services_cost_no_more_queries(staging: Environment, visitor: Visitor) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get("service-list").status_code == 200
        return len(queries)

    make_target(staging)
    visitor.get("service-list")
    few = asked()
    for n in range(5):
        make_target(staging, key=f"worker-{n}")
        make_target(staging.project.environments.get(key="production"), key=f"worker-{n}", live="2.0.0")
    assert asked() == few


def test_a_service_is_made_edited_and_read(staging: Environment, visitor: Visitor) -> None:
    made = visitor.post("service-new", {"name": "Web shop", "key": "web", "repository_url": "github.com/shop/web"})
    assert made.headers["Location"].endswith("/staging/services/web/target/")
    page = visitor.get("service-detail", service="web")
    shows(page, "Web shop", "https://github.com/shop/web", "33 items", "11 required", "created the service")
    edit = {"name": "Web", "description": "What customers see.", "version": "1", "reason": "Renamed"}
    assert visitor.post("service-edit", edit, service="web").status_code == 302
    shows(visitor.get("service-detail", service="web"), "What customers see.", "Renamed")
    stale = visitor.post("service-edit", edit | {"name": "Other"}, service="web")
    assert stale.status_code == 409
    shows(stale, "Somebody saved this service while you were here.", 'name="version" value="2"', 'value="Other"')
    taken = visitor.post("service-new", {"name": "Again", "key": "web"})
    assert taken.status_code == 422
    shows(taken, "This project has a service of this key already.")
    assert visitor.get("service-detail", service="nothing").status_code == 404


def test_items_of_the_checklist_are_dropped_required_and_added(staging: Environment, visitor: Visitor) -> None:
    make_service(staging)
    sent = checklist(team_trained="drop", rollback_reviewed="require") | own(("", "Legal has signed off"))
    assert visitor.post("service-checklist", sent, service="web").status_code == 302
    kept = {item["key"]: item for item in Service.objects.get().checklist or ()}
    assert "team_trained" not in kept
    assert kept["rollback_reviewed"]["required"] is True
    assert kept["legal_has_signed_off"]["words"] == "Legal has signed off"
    assert len(kept) == 33
    shows(visitor.get("service-checklist", service="web"), "Legal has signed off")
    assert visitor.post("service-checklist", checklist(version=2), service="web").status_code == 302
    assert Service.objects.get().checklist is None


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([("team_trained", "Again")], "Own item 1, Key: a standard item has this key"),
        ([("Legal!", "Signed")], "Own item 1, Key: is no key"),
        ([("one", "a"), ("one", "b")], "Own item 2, Key: &#x27;one&#x27; is in the list already"),
    ],
)
def test_an_item_at_fault_is_told_at_its_row(
    staging: Environment, visitor: Visitor, items: list[tuple[str, str]], told: str
) -> None:
    make_service(staging)
    page = visitor.post("service-checklist", checklist(backup_created="drop") | own(*items), service="web")
    assert page.status_code == 422
    shows(page, told)
    assert Service.objects.get().checklist is None


def test_a_checklist_at_fault_is_refused_by_the_service(staging: Environment) -> None:
    row = make_service(staging)
    with pytest.raises(services.InvalidService) as refused:
        services.update_service(
            service_id=row.pk,
            fields={"checklist": [{"key": "review_approved"}, {"key": "reviw"}]},
            actor=ACTOR,
            reason="",
            at=AT,
            expected_version=None,
        )
    assert list(refused.value.message_dict) == ["checklist[1].key"]


def test_viewers_read_services_and_change_none(staging: Environment) -> None:
    make_target(staging)
    viewer = Visitor(staging.project, role="Viewer", environment="staging")
    shows(viewer.get("service-list"), "1.0.0")
    shows(viewer.get("service-detail", service="web"), "1.0.0")
    for name in ("service-edit", "service-checklist"):
        assert viewer.post(name, checklist() | {"name": "Mine"}, service="web").status_code == 403
    assert viewer.post("service-new", {"name": "Mine", "key": "mine"}).status_code == 403
