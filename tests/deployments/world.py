"""A world in which a deployment happens, without sockets: a proxy, two slots and an agent, all of them in memory.

What a driver, a probe or an agent really does on the wire is tested beside its gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.deployments import services
from apps.deployments.gateways.slots import Probe
from apps.deployments.gateways.traffic import Outcome, Unreachable
from apps.deployments.models import Deployment
from apps.deployments.services import errands
from tests.factories.core import AT


@dataclass
class World:
    at: datetime = AT
    weights: dict[str, int] = field(default_factory=lambda: {"blue": 100_000, "green": 0})
    moves: list[dict[str, int]] = field(default_factory=list)
    healthy: dict[str, bool] = field(default_factory=lambda: {"blue": True, "green": True})
    smokes: dict[str, bool] = field(default_factory=lambda: {"blue": True, "green": True})
    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by their id: the same again is the same
    proxy_answers: bool = True
    agent_answers: bool = True

    # The driver
    def read(self) -> Mapping[str, int]:
        if not self.proxy_answers:
            raise Unreachable("the proxy does not answer")
        return dict(self.weights)

    def apply(self, weights: Mapping[str, int]) -> Outcome:
        self.weights = dict(weights)
        self.moves.append(dict(weights))
        return Outcome.ASSERTED

    def in_flight(self, slot: str) -> int | None:
        return 0

    def probe(self, url: str, path: str) -> Probe:
        return Probe(self.healthy[_slot(url)], f"{path} answered")

    def smoke(self, url: str, tests: object) -> Probe:
        return Probe(self.smokes[_slot(url)], "smoke")

    def call_agent(self, url: str, secret: str, *, call_id: str, body: Mapping[str, Any], at: datetime) -> Probe:
        if self.agent_answers:
            self.orders[call_id] = body
        return Probe(self.agent_answers, "agent")

    # Time
    def run(self, seconds: float, *, step: float = 1.0) -> None:
        """Sweep every `step` seconds."""
        until = self.at + timedelta(seconds=seconds)
        while self.at < until:
            services.advance_deployments(at=self.at)
            self.at += timedelta(seconds=step)


def _slot(url: str) -> str:
    return {"18101": "blue", "18102": "green"}[url.rpartition(":")[2]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(errands, "driver_of", lambda kind, config: made)
    for name in ("probe", "smoke", "call_agent"):
        monkeypatch.setattr(errands, name, getattr(made, name))
    return made


def states(row: Deployment) -> list[str]:
    """What it went through, as the audit trail tells."""
    from apps.core.selectors import audit_of

    entries = reversed(list(audit_of("deployments.deployment", row.pk)))
    return [entry.kind.removeprefix("deployments.") for entry in entries]
