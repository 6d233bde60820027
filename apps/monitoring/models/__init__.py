"""Monitoring's tables. Django imports this module; the files beside it are split by idea."""

from apps.monitoring.models.checks import HealthCheck, HealthDay, HealthResult
from apps.monitoring.models.events import RefusedEvent, TrackedEvent
from apps.monitoring.models.metrics import DirtyMinute, MetricRollup, MetricSample, MetricSeries

__all__ = [
    "DirtyMinute",
    "HealthCheck",
    "HealthDay",
    "HealthResult",
    "MetricRollup",
    "MetricSample",
    "MetricSeries",
    "RefusedEvent",
    "TrackedEvent",
]
