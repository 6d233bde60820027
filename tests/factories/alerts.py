"""Samples, alert rules and alerts in a stated state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.alerts import services
from apps.alerts.models import AlertRule
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
from tests.factories.core import ACTOR, AT


def push(environment: Environment, name: str, *points: tuple[datetime, float], **labels: str) -> None:
    """Samples of one series. The partitions of their days are made."""
    monitoring.make_partitions(at=max(at for at, _value in points))
    series = read_series(name, labels)
    samples = [Sample(series, value, at) for at, value in points]
    assert not monitoring.record(environment_id=environment.pk, samples=samples, at=AT)


def make_rule(
    environment: Environment,
    *,
    response: Mapping[str, Any] | None = None,
    at: datetime = AT,
    enabled: bool = True,
    **definition: Any,
) -> AlertRule:
    """Fires at once when a series of `errors` is above 5, unless told otherwise."""
    query = {"metric": "errors", "aggregate": "last", "window_seconds": 60}
    usual = {
        "key": "errors",
        "name": "Too many errors",
        "severity": "critical",
        "query": query,
        "comparison": "gt",
        "threshold": 5,
    }
    return services.create_rule(
        environment_id=environment.pk,
        definition=usual | definition,
        response=response,
        enabled=enabled,
        actor=ACTOR,
        reason="tests",
        at=at,
    )
