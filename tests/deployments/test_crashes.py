"""A worker that dies at any boundary, and two that sweep at once: end and traffic are as if nothing had been."""

from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.services import advancing, errands
from tests.deployments.world import World, states, world
from tests.factories import make_project
from tests.factories.deployments import make_deployment, make_target
from tests.scale import scaled

__all__ = ["world"]
pytestmark = pytest.mark.django_db
STEPS = [
    {"weight": 25_000, "hold_seconds": 1, "analyse": False},
    {"weight": 100_000, "analyse": False},
]
BOUNDARIES = ("claimed", "asserted", "done")  # before the outside, between weights and task, before the settling


class Died(BaseException):
    """SIGKILL: nothing after it runs, not even what catches exceptions."""


@dataclass
class Deaths:
    """When the worker dies: at these numbers of boundaries, counted over the whole run; or every second time that it
    comes by this one, so that each step of the run is cut off there once and then goes on."""

    at: frozenset[int] = frozenset()
    every: str = ""
    passed: int = 0
    died: int = 0
    _came_by: int = 0

    def pass_by(self, boundary: str) -> None:
        self.passed += 1
        self._came_by += boundary == self.every
        if self.passed in self.at or (boundary == self.every and self._came_by % 2):
            self.died += 1
            raise Died


@pytest.fixture
def target_environment() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch, world: World) -> Deaths:
    made, run, asserted, settle = Deaths(), errands.run, errands.asserted, advancing._settle

    def _run(*args: object) -> object:
        made.pass_by("claimed")
        return run(*args)  # type: ignore[arg-type]

    def _asserted(*args: object) -> object:
        found = asserted(*args)  # type: ignore[arg-type]
        made.pass_by("asserted")
        return found

    def _settle(*args: object) -> object:
        made.pass_by("done")
        return settle(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(errands, "run", _run)
    monkeypatch.setattr(errands, "asserted", _asserted)
    monkeypatch.setattr(advancing, "_settle", _settle)
    return made


def went_through(environment: Environment, world: World, *, breaks: bool) -> list[str]:
    """A canary to its end, with every leap over the lease that a death costs. `breaks`: its smoke tests end badly."""
    target = make_target(
        environment, driver="CADDY", strategy="CANARY", steps=STEPS, watch_seconds=1, agent_url="http://127.0.0.1:1/"
    )
    row = make_deployment(target)
    world.smokes["green"] = not breaks
    for _ in range(2_000):
        try:
            world.run(1)
        except Died:
            world.at += advancing.LEASE
        row.refresh_from_db()
        if row.state in Deployment.OVER:
            break
    assert not DeploymentStep.objects.filter(deployment=row, status="RUNNING").exists()
    return [*states(row), str(world.weights), *(str(order["type"]) for order in world.orders.values())]


@dataclass
class Runs:
    """The same deployment again and again, each time in a world of its own."""

    environment: Environment
    world: World
    deaths: Deaths

    def run(self, *, breaks: bool = False, at: frozenset[int] = frozenset(), every: str = "") -> list[str]:
        self.deaths.at, self.deaths.every, self.deaths.passed, self.deaths.died = at, every, 0, 0
        self.world.__dict__.update(World().__dict__)
        with transaction.atomic():
            found = went_through(self.environment, self.world, breaks=breaks)
            transaction.set_rollback(True)
        return found


@pytest.fixture
def runs(target_environment: Environment, world: World, deaths: Deaths) -> Runs:
    return Runs(target_environment, world, deaths)


@pytest.mark.prove
@pytest.mark.parametrize("breaks", [False, True])
def test_a_death_in_each_step_changes_nothing(runs: Runs, breaks: bool) -> None:
    """At every boundary of every step: in the suite all steps in one run, in the long form one death a run as well."""
    undisturbed = runs.run(breaks=breaks)
    boundaries = runs.deaths.passed
    assert ("failed_before_traffic" if breaks else "succeeded") in undisturbed
    for boundary in BOUNDARIES:
        assert runs.run(breaks=breaks, every=boundary) == undisturbed, boundary
        assert runs.deaths.died > 8  # as many steps as it has at least
    for number in range(1, scaled(short=0, long=boundaries) + 1):
        assert runs.run(breaks=breaks, at=frozenset({number})) == undisturbed, number


@pytest.mark.prove
@settings(max_examples=scaled(short=3, long=300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.frozensets(st.integers(1, 80), max_size=12))
def test_many_deaths_change_nothing_either(runs: Runs, at: frozenset[int]) -> None:
    found = runs.run(at=at)
    assert found[-3:] == ["succeeded", "{'green': 100000, 'blue': 0}", "slot.prepare"]


def test_who_was_overtaken_changes_nothing(target_environment: Environment, world: World) -> None:
    """A worker that slept past its lease wakes up with an old fence."""
    row = make_deployment(make_target(target_environment, driver="CADDY", watch_seconds=0))
    services.advance_deployment(deployment_id=row.pk, at=world.at)
    services.advance_deployment(deployment_id=row.pk, at=world.at)
    sleeping = advancing._claim(row.pk, world.at)
    assert sleeping is not None
    seen = errands.run(sleeping.errand, world.at)
    world.at += advancing.LEASE
    world.run(30)
    row.refresh_from_db()
    state, version = row.state, row.version
    assert advancing._settle(sleeping, seen, world.at) is False
    row.refresh_from_db()
    assert (row.state, row.version) == (state, version)


def test_what_is_claimed_is_nobody_elses(target_environment: Environment, world: World) -> None:
    row = make_deployment(make_target(target_environment, driver="CADDY"))
    assert advancing._claim(row.pk, world.at) is not None
    assert advancing._claim(row.pk, world.at) is None
    assert services.advance_deployment(deployment_id=row.pk, at=world.at) is False
