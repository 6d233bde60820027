"""What a tick does outside: planned from rows under their lock, run without any, and told as plain data. Private to
services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core import secrets
from apps.deployments.domain.moves import Outcome, Standing
from apps.deployments.domain.plans import WHOLE
from apps.deployments.domain.shares import reachable
from apps.deployments.domain.states import GOING_BACK, LIVE, State, Task
from apps.deployments.domain.traffic import InvalidTraffic
from apps.deployments.gateways import driver_of
from apps.deployments.gateways.slots import Probe, call_agent, probe, smoke
from apps.deployments.gateways.traffic import Driver, TrafficError
from apps.deployments.models import Deployment, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    task: Task
    weights: Mapping[str, int] | None  # to be asserted first; None: nothing is
    driver: str
    driver_config: Mapping[str, Any]
    urls: Mapping[str, str]  # of the slots
    subject: str = ""  # the slot that the task is about
    probed: tuple[str, ...] = ()  # slots whose health is looked at along the way
    health_path: str
    smoke: tuple[Mapping[str, Any], ...] = ()
    agent_url: str = ""
    agent_secret: bytes = field(default=b"", repr=False)  # encrypted
    order: Mapping[str, Any] = field(default_factory=dict)  # to the agent
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found out on the way, whatever came of the task."""

    outcome: Outcome
    weights: Mapping[str, int] | None = None
    probes: Mapping[str, Probe] = field(default_factory=dict)


def plan(row: Deployment, now: Standing) -> Errand:
    target, slots = row.target, list(row.target.slots.all())
    subject = row.base_slot if now.state in GOING_BACK or now.task is Task.STOP else row.slot
    if now.state is State.WATCHING and now.task is Task.DRAIN:
        subject = row.base_slot
    return Errand(
        task=now.task,
        weights=_weights(row, now),
        driver=target.driver,
        driver_config=driver_config(target),
        urls={slot.name: slot.url for slot in slots},
        subject=subject,
        probed=(row.slot, row.base_slot) if now.state in LIVE else (),
        health_path=target.health_path,
        smoke=tuple(target.smoke),
        agent_url=target.agent_url,
        agent_secret=bytes(target.agent_secret),
        order=_order(row, now),
        order_id=f"deployment-{row.pk}-{now.state.lower()}-{now.task.lower()}",
    )


def driver_config(target: Target) -> dict[str, Any]:
    """Of the external driver, what was last reported is part of it."""
    if target.driver != Target.Driver.EXTERNAL:
        return dict(target.driver_config)
    slots = list(target.slots.all())
    reported = {slot.name: slot.reported_weight for slot in slots if slot.reported_weight is not None}
    return {"slots": [slot.name for slot in slots], "reported": reported}


def run(errand: Errand, at: datetime) -> Seen:
    """Outside any transaction. Never raises for what the outside does."""
    weights, trouble = asserted(errand)
    probes = {name: probe(errand.urls.get(name, ""), errand.health_path) for name in errand.probed}
    outcome = _outcome(errand, weights, trouble, at)
    return Seen(outcome, weights, probes)


def read(driver: str, config: Mapping[str, Any]) -> tuple[Mapping[str, int] | None, str]:
    """The weights as the proxy has them, or why they are not known. Changes nothing."""
    try:
        return driver_of(driver, config).read(), ""
    except (TrafficError, InvalidTraffic) as error:
        return None, str(error)


def look_at(url: str, health_path: str) -> Probe:
    return probe(url, health_path)


def asserted(errand: Errand) -> tuple[Mapping[str, int] | None, str]:
    """The weights as the proxy has them in the end, and why they are not as wanted; both empty where none are."""
    if errand.weights is None:
        return None, ""
    try:
        driver = driver_of(errand.driver, errand.driver_config)
        return _follow(driver, errand.weights, reachable(errand.driver, errand.weights))
    except (TrafficError, InvalidTraffic) as error:
        return None, str(error)


def _follow(driver: Driver, wanted: Mapping[str, int], near: Mapping[str, int]) -> tuple[Mapping[str, int], str]:
    """`near`: the same, as finely as this proxy can tell."""
    found = driver.read()
    if found != near:
        driver.apply(wanted)
        found = driver.read()
    return found, "" if found == near else f"the traffic is {in_words(found)} instead of {in_words(wanted)}"


def in_words(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{weight / 1_000:g} % on {name}" for name, weight in sorted(weights.items())) or "on no slot"


def _weights(row: Deployment, now: Standing) -> Mapping[str, int] | None:
    """The old slot first where nothing of the new one is wanted. Before the first release there is no old one."""
    if now.weight is None or not row.slot:
        return None
    return {row.slot: now.weight, row.base_slot: WHOLE - now.weight}


def _outcome(errand: Errand, weights: Mapping[str, int] | None, trouble: str, at: datetime) -> Outcome:
    if trouble and errand.task is not Task.PREPARE:
        return Outcome(False if weights is None else None, trouble)
    return _DONE.get(errand.task, _nothing)(errand, at)


def _nothing(errand: Errand, at: datetime) -> Outcome:
    return Outcome(True, "")


def _shifted(errand: Errand, at: datetime) -> Outcome:
    return Outcome(True, f"Traffic: {in_words(errand.weights or {})}")


def _drained(errand: Errand, at: datetime) -> Outcome:
    try:
        driver = driver_of(errand.driver, errand.driver_config)
        left = driver.in_flight(errand.subject)
    except (TrafficError, InvalidTraffic) as error:
        return Outcome(None, str(error))
    if left is None:
        return Outcome(None, "The proxy cannot say what is under way; the time to drain is waited for")
    if left:
        return Outcome(False, f"{left} requests under way on {errand.subject}")
    return Outcome(True, f"{errand.subject} is drained")


def _ordered(errand: Errand, at: datetime) -> Outcome:
    if not errand.agent_url:
        return Outcome(True, "No agent is set up: whoever deploys brings the release up on the new slot")
    secret = secrets.decrypt(errand.agent_secret)
    found = call_agent(errand.agent_url, secret, call_id=errand.order_id, body=errand.order, at=at)
    return Outcome(found.ok, found.words)


def _healthy(errand: Errand, at: datetime) -> Outcome:
    found = probe(errand.urls.get(errand.subject, ""), errand.health_path)
    return Outcome(found.ok, found.words)


def _smoked(errand: Errand, at: datetime) -> Outcome:
    found = smoke(errand.urls.get(errand.subject, ""), errand.smoke)
    return Outcome(found.ok, found.words)


_DONE = {
    Task.DRAIN: _drained,
    Task.PREPARE: _ordered,
    Task.HEALTH: _healthy,
    Task.SMOKE: _smoked,
    Task.SHIFT: _shifted,
    Task.HOLD: _shifted,
    Task.WATCH: _shifted,
    Task.STOP: _ordered,
}


def _order(row: Deployment, now: Standing) -> Mapping[str, Any]:
    stop = now.task is Task.STOP
    release = row.previous if stop else row.release
    return {
        "type": "slot.stop" if stop else "slot.prepare",
        "service": row.target.service.key,
        "environment": row.target.environment.key,
        "slot": row.base_slot if stop else row.slot,
        "deployment": row.pk,
        "version": release.number if release else None,
        "commit": release.commit_sha if release else None,
        "artifact": release.artifact if release else None,
    }
