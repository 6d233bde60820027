"""The page of one deployment: what it shows, what can be done there, what it refuses, and who may do what."""

from typing import Any

import pytest

from apps.core.models import Environment
from apps.deployments.models import Deployment
from tests.deployments.world import World, world
from tests.factories import make_project
from tests.factories.deployments import make_deployment, make_target
from tests.flags.visit import Visitor, shows

__all__ = ["world"]
pytestmark = pytest.mark.django_db
State = Deployment.State
STEPS = [
    {"weight": 5_000, "hold_seconds": 300},
    {"weight": 50_000, "hold_seconds": 300, "needs_approval": True},
    {"weight": 100_000, "analyse": False},
]


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Administrator")


def make_canary(environment: Environment, **fields: Any) -> Deployment:
    target = make_target(environment, driver="CADDY", strategy="CANARY", steps=STEPS, **fields)
    return make_deployment(target, number="1.1.0")


def test_a_canary_on_its_way(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment)
    world.run(30)
    row.refresh_from_db()
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Web 1.1.0 in Production")
