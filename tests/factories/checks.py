"""Health checks in a stated state."""

from datetime import datetime
from typing import Any

from apps.core.domain.keys import digest
from apps.core.models import Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.models import HealthCheck
from apps.monitoring.services import MadeCheck
from apps.monitoring.services.hearing import Heard, Hearing
from tests.factories.core import ACTOR, AT


def make_check(environment: Environment, *, at: datetime = AT, paused: bool = False, **fields: Any) -> HealthCheck:
    """TCP to a port that nobody would reach, unless told otherwise. The partitions of its days are made."""
    services.make_partitions(at=at)
    usual = {"key": "web", "name": "Web", "kind": "TCP", "config": {"host": "192.0.2.1", "port": 9}, "failures": 1}
    made = services.create_check(
        environment_id=environment.pk, **{**usual, **fields}, actor=ACTOR, reason="tests", at=at
    )
    if paused:
        return services.pause_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=at)
    return made.check


def make_heartbeat(environment: Environment, *, at: datetime = AT, **fields: Any) -> MadeCheck:
    """Expected every minute, with a grace of ten seconds."""
    services.make_partitions(at=at)
    usual = {"key": "nightly", "name": "Nightly", "kind": "HEARTBEAT", "failures": 1}
    config = {"period_seconds": 60, "grace_seconds": 10}
    return services.create_check(
        environment_id=environment.pk,
        **{**usual, "config": config, **fields},
        actor=ACTOR,
        reason="tests",
        at=at,
    )


def hear(*, token: str, said: Ping, at: datetime) -> bool:
    """What a job tells of itself. False when no heartbeat has this token."""
    (hearing,) = services.hear_pings(heard=[Heard(digest(token), said, at)])
    return hearing is Hearing.KEPT
