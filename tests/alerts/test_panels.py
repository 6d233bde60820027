"""What alerting shows on a deployment's page, without that page knowing of alerting."""

from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string

from apps.alerts import services
from apps.core import panels
from apps.core.models import Environment
from apps.core.navigation import Scope
from apps.deployments import services as deployments
from apps.deployments.models import Deployment
from tests.deployments.world import World, world
from tests.factories import ACTOR, make_project, make_rule, make_user, push
from tests.factories.deployments import make_deployment, make_target
from tests.flags.visit import Visitor, shows

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def panel(row: Deployment, environment: Environment, world: World, role: str = "Viewer") -> str:
    """As the page of the deployment includes it."""
    user = make_user(role=role)
    shown = panels.of("deployment", pk=row.pk, environment=environment, user=user, at=world.at)
    context = {"panels": shown, "scope": Scope(environment.project, environment), "at": world.at}
    return " ".join(render_to_string("core/panels.html", context).split())


def fire(environment: Environment, at: Any, name: str, key: str) -> None:
    push(environment, key, (at, 9))
    query = {"metric": key, "aggregate": "last", "window_seconds": 60}
    make_rule(environment, key=key, name=name, query=query, at=at, severity="warning")
    services.judge_due(at=at)


def test_it_lists_what_fired_since_users_met_it(environment: Environment, world: World) -> None:
    fire(environment, world.at - timedelta(minutes=5), "Before it", "before")
    row = make_deployment(make_target(environment, driver="CADDY"))
    world.run(60)
    assert "No alert fired in Staging in that time." in panel(row, environment, world)
    fire(environment, world.at, "During it", "during")
    page = panel(row, environment, world)
    assert "During it" in page
    assert "Before it" not in page
    assert "/admin/p/shop/staging/alerts/" in page


def test_the_page_of_a_deployment_has_it_and_keeps_it_fresh(environment: Environment, world: World) -> None:
    row = make_deployment(make_target(environment, driver="CADDY"))
    world.run(60)
    fire(environment, world.at, "During it", "during")
    visitor = Visitor(environment.project, role="Operator", environment="staging")
    for name in ("deployment-detail", "deployment-progress"):
        shows(visitor.get(name, deployment=row.pk), "Alerts since it got traffic", "During it")


def test_it_shows_the_incident_of_its_rollback(environment: Environment, world: World) -> None:
    from apps.core.sealer import seal

    row = make_deployment(make_target(environment, driver="CADDY"), number="1.4.2")
    world.run(60)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "broken", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, **who)
    world.run(30)
    seal()
    services.hear_deployments(at=world.at)
    assert "web 1.4.2 was rolled back in Staging</a>" in panel(row, environment, world)


def test_nothing_before_users_met_it_and_nothing_for_those_who_may_not(environment: Environment, world: World) -> None:
    row = make_deployment(make_target(environment, driver="CADDY"))
    assert panel(row, environment, world).strip() == ""
    world.run(60)
    assert panel(row, environment, world).strip() != ""
    assert panels.of("deployment", pk=row.pk, environment=environment, user=make_user(), at=world.at) == []


def test_a_subject_nobody_is_above_has_none(environment: Environment, world: World) -> None:
    assert panels.of("flag", pk=1, environment=environment, user=make_user(), at=world.at) == []
