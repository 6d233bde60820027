"""What monitoring knows of the two slots of a target, by the metrics of domain/metrics.py."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.core.statistics.quantiles import quantile
from apps.deployments.domain import metrics
from apps.deployments.domain.counting import Measured, Samples, grown, side
from apps.deployments.models import Target
from apps.monitoring import selectors as monitoring

BEFORE = timedelta(minutes=5)  # how far back the last value of a counter may lie
HEALTH = timedelta(minutes=10)  # what is kept of a slot's health for the record
START = datetime(2000, 1, 1, tzinfo=UTC)  # where columns count from
FIELDS = {
    "requests": metrics.REQUESTS,
    "errors": metrics.ERRORS,
    "latencies": metrics.LATENCY,
    "logins": metrics.LOGINS,
    "login_failures": metrics.LOGIN_FAILURES,
    "probes": metrics.PROBES,
    "connections": metrics.DATABASE,
}


def observed(target: Target, slots: Collection[str], since: datetime, until: datetime) -> Mapping[str, Measured]:
    """By slot. Two queries, however long the stretch."""
    found = monitoring.sampled(target.environment_id, FIELDS.values(), since=since - BEFORE, until=until)
    key = target.service.key
    return {
        slot: Measured(**{field: _of(name, found[name], key, slot) for field, name in FIELDS.items()}) for slot in slots
    }


def health_of(target: Target, slot: str, at: datetime) -> dict[str, Any]:
    """Requests, share of errors and p95 of the last minutes, for the record; empty where nothing is known."""
    found = side(observed(target, [slot], at - HEALTH, at)[slot], at - HEALTH, at)
    if not found.requests:
        return {}
    p95 = round(quantile(sorted(found.latencies), 0.95), 1) if found.latencies else None
    return {"requests": found.requests, "error_share": round(found.error_share, 5), "p95_ms": p95}


def _of(name: str, series: Collection[monitoring.Sampled], service: str, slot: str) -> Samples:
    """Of all series of the slot together, such as one for each host."""
    ours = [one.column for one in series if {("service", service), ("slot", slot)} <= set(one.labels)]
    each = [list(zip(map(_at, column.moments), column.values, strict=True)) for column in ours]
    if name in metrics.COUNTERS:
        each = [list(grown(samples)) for samples in each]
    return each[0] if len(each) == 1 else sorted(pair for samples in each for pair in samples)


def _at(moment: int) -> datetime:
    return START + timedelta(microseconds=moment)
