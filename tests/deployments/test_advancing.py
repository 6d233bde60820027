"""Deployments from request to end, by themselves."""

from datetime import timedelta

import pytest

from apps.core.models import Environment
from apps.deployments.models import Deployment
from tests.deployments.world import World, states, world
from tests.factories import make_project
from tests.factories.deployments import make_deployment, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db
State = Deployment.State


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def test_blue_green_goes_from_request_to_success(staging: Environment, world: World) -> None:
    target = make_target(staging, driver="CADDY", agent_url="http://127.0.0.1:18999/", watch_seconds=60)
    row = make_deployment(target)
    world.run(90)
    row.refresh_from_db()
    target.refresh_from_db()
    assert states(row) == ["requested", "queued", "preparing", "ready", "rolling", "watching", "succeeded"]
    assert world.moves == [{"green": 100_000, "blue": 0}]
    assert (target.live_slot, target.live_release) == ("green", row.release)
    assert [order["type"] for order in world.orders.values()] == ["slot.prepare"]
    assert row.ended_at
    assert row.whole_at
    assert row.ended_at - row.whole_at >= timedelta(seconds=60)


def test_a_canary_takes_its_steps_in_time(staging: Environment, world: World) -> None:
    steps = [
        {"weight": 5_000, "hold_seconds": 30, "analyse": False},
        {"weight": 50_000, "hold_seconds": 30, "analyse": False},
        {"weight": 100_000, "analyse": False},
    ]
    row = make_deployment(make_target(staging, driver="CADDY", strategy="CANARY", steps=steps, watch_seconds=0))
    world.run(100)
    row.refresh_from_db()
    assert row.state == State.SUCCEEDED
    assert [move["green"] for move in world.moves] == [5_000, 50_000, 100_000]


def test_the_old_slot_is_drained_and_then_stopped_where_that_is_asked(staging: Environment, world: World) -> None:
    agent = "http://127.0.0.1:18999/"
    target = make_target(staging, driver="CADDY", agent_url=agent, watch_seconds=10, stops_old=True)
    row = make_deployment(target)
    world.run(40)
    row.refresh_from_db()
    assert row.state == State.SUCCEEDED
    ordered = [(order["type"], order["slot"], order["version"]) for order in world.orders.values()]
    assert ordered == [("slot.prepare", "green", row.release.number), ("slot.stop", "blue", "1.0.0")]
    tasks = list(row.steps.order_by("pk").values_list("state", "task"))
    assert tasks[-3:] == [("WATCHING", "SMOKE"), ("WATCHING", "DRAIN"), ("WATCHING", "STOP")]
