"""Incidents in a stated state."""

from datetime import datetime
from typing import Any

from apps.alerts import services
from apps.alerts.models import Incident
from apps.core.models import Environment
from tests.factories.core import ACTOR, AT


def make_incident(
    environment: Environment, *, at: datetime = AT, resolved_at: datetime | None = None, **fields: Any
) -> Incident:
    """Opened by hand."""
    usual: dict[str, Any] = {"title": "Checkout is slow", "severity": "error", "reason": "tests"}
    row = services.open_incident(environment_id=environment.pk, actor=ACTOR, at=at, **usual | fields)
    if resolved_at is not None:
        over: dict[str, Any] = {"text": "It is over.", "status": "RESOLVED", "expected_version": None}
        services.post_update(incident_id=row.pk, actor=ACTOR, at=resolved_at, **over)
        row.refresh_from_db()
    return row
