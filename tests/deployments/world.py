"""A world in which a deployment happens, without sockets: a proxy, two slots and an agent, all of them in memory.

What a driver, a probe or an agent really does on the wire is tested beside its gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.deployments import services
from apps.deployments.domain.metrics import ERRORS, LATENCY, REQUESTS
from apps.deployments.gateways.slots import Probe
from apps.deployments.gateways.traffic import Outcome, Unreachable
from apps.deployments.models import Deployment
from apps.deployments.services import errands
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
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
    _counted: dict[str, list[int]] = field(default_factory=dict)

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

    # What the slots push, as far as a test wants them to
    def serve(self, environment_id: int, slot: str, requests: int, errors: int, *, ms: float = 30) -> None:
        """A minute of traffic, of which the counters tell every ten seconds, up to now."""
        total = self._counted.setdefault(slot, [0, 0])
        samples = []
        for n in range(6):
            at = self.at - timedelta(seconds=50 - 10 * n)
            total[0], total[1] = total[0] + requests // 6, total[1] + errors // 6
            for name, value in ((REQUESTS, total[0]), (ERRORS, total[1])):
                samples.append(Sample(read_series(name, {"service": "web", "slot": slot}), float(value), at))
            for k in range(20):
                latency = read_series(LATENCY, {"service": "web", "slot": slot})
                seconds = ms / 1_000 * (0.6 + 0.04 * ((k * 7 + n) % 20))
                samples.append(Sample(latency, seconds, at - timedelta(milliseconds=k)))
        monitoring.record(environment_id=environment_id, samples=samples, at=self.at)

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
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monitoring.make_partitions(at=AT)
    monkeypatch.setattr(errands, "driver_of", lambda kind, config: made)
    for name in ("probe", "smoke", "call_agent"):
        monkeypatch.setattr(errands, name, getattr(made, name))
    return made


def states(row: Deployment) -> list[str]:
    """What it went through, as the audit trail tells."""
    from apps.core.selectors import audit_of

    entries = reversed(list(audit_of("deployments.deployment", row.pk)))
    return [entry.kind.removeprefix("deployments.") for entry in entries]
