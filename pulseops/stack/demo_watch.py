"""What the demo's app measures: a day of metrics for staging and production, rules and checks that watch them."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from apps.alerts import selectors as alerting
from apps.alerts import services as alerts
from apps.core.audit import Actor
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
from pulseops.stack.demo_incident import tell_of_an_incident

WATCHED = ("staging", "production")
PUBLIC = "production"  # has a status page
STEP = timedelta(minutes=5)
STEPS = 288  # a day
HOSTS = ("web-1", "web-2")
COMPONENTS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("portal", "Portal", "Pages and API", ["portal"]),
    ("exports", "Exports", "Made each night", ["nightly-export"]),
    ("chat", "Chat", "Messages between people", []),
)
UNWATCHED = "database_connection"  # of the starter pack: nothing in the demo tells of a database


def watch(environments: list[Environment], actor: Actor, at: datetime) -> None:
    monitoring.make_partitions(at=at)
    for environment in environments:
        if environment.key in WATCHED:
            monitoring.record(environment_id=environment.pk, samples=list(_samples(at)), at=at)
            _rules(environment, actor, at)
            _checks(environment, actor, at)
        if environment.key == PUBLIC:
            _status_page(environment, actor, at)
    tell_of_an_incident(environments[-1], actor, at)
    monitoring.roll_up()


def _rules(environment: Environment, actor: Actor, at: datetime) -> None:
    alerts.install_starter_rules(environment_id=environment.pk, actor=actor, reason="The starter pack", at=at)
    rule = alerting.rules(environment.project, environment).get(key=UNWATCHED)
    reason = "Turn it on once health checks watch a database"
    alerts.update_rule(rule_id=rule.pk, enabled=False, actor=actor, reason=reason, at=at, expected_version=None)


def _checks(environment: Environment, actor: Actor, at: datetime) -> None:
    """One that runs, of the portal itself, and one that waits for a job to be heard."""
    given: dict[str, Any] = {"environment_id": environment.pk, "actor": actor, "reason": "The demo's checks", "at": at}
    health = {"url": f"{settings.PUBLIC_URL}/healthz", "latency_limit_seconds": 2.0}
    monitoring.create_check(key="portal", name="The portal itself", kind="HTTP", config=health, **given)
    nightly = {"cron": "0 3 * * *", "time_zone": "UTC", "grace_seconds": 1_800}
    monitoring.create_check(key="nightly-export", name="Nightly export", kind="HEARTBEAT", config=nightly, **given)


def _status_page(environment: Environment, actor: Actor, at: datetime) -> None:
    """What its users may know. One of its components is told by people alone."""
    given: dict[str, Any] = {"environment_id": environment.pk, "actor": actor, "reason": "The demo", "at": at}
    page = {"slug": "demo", "title": "Demo", "text": "How the demo's systems are.", "published": True}
    alerts.create_status_page(fields=page, **given)
    for key, name, description, checks in COMPONENTS:
        fields = {"key": key, "name": name, "description": description, "checks": checks}
        alerts.create_component(fields=fields, **given)


def _samples(at: datetime) -> Iterator[Sample]:
    """A day with a busy afternoon, which nothing is wrong with."""
    requests = dict.fromkeys(HOSTS, 0.0)
    errors = dict.fromkeys(HOSTS, 0.0)
    for n in range(STEPS):
        moment = at - STEP * (STEPS - 1 - n)
        busy = 1 + math.sin((n / STEPS - 0.25) * 2 * math.pi) / 2  # half as much at night as at noon
        yield Sample(read_series("active_users", {}), round(400 * busy), moment)
        for place, host in enumerate(HOSTS):
            requests[host] += round(900 * busy)
            errors[host] += round(900 * busy * 0.002)
            labels = {"host": host}
            yield Sample(read_series("http_requests_total", labels), requests[host], moment)
            yield Sample(read_series("http_errors_total", labels), errors[host], moment)
            yield Sample(read_series("http_request_duration_seconds", labels), 0.12 + 0.05 * busy, moment)
            yield Sample(read_series("memory_used_ratio", labels), 0.5 + 0.1 * busy + 0.05 * place, moment)
