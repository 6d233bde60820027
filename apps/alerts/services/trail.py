"""The audit entries of alerting. Private to services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.alerts.models import Alert, AlertRule, Channel, Incident, Route, Silence, StatusComponent, StatusPage
from apps.core import audit, bus
from apps.core.audit import Actor

ITSELF = audit.system("alerts")

Subject = Alert | AlertRule | Channel | Incident | Route | Silence | StatusComponent | StatusPage
ON_STATUS_PAGES = (Incident, StatusComponent, StatusPage)


def record(
    kind: str,
    subject: Subject,
    changed: Mapping[str, list[Any]] | None = None,
    *,
    actor: Actor = ITSELF,
    reason: str,
    at: datetime,
) -> None:
    audit.record(
        kind=kind,
        subject=subject,
        **_place_of(subject),
        actor=actor,
        reason=reason,
        at=at,
        changes=dict(changed or {}),
    )
    if isinstance(subject, ON_STATUS_PAGES):
        bus.announce("status", environment=subject.environment_id)


def _place_of(subject: Subject) -> dict[str, int | None]:
    if isinstance(subject, Alert | AlertRule | Incident | StatusComponent | StatusPage):
        return {"project_id": subject.environment.project_id, "environment_id": subject.environment_id}
    environment_id = subject.environment_id if isinstance(subject, Silence) else None
    return {"project_id": subject.project_id, "environment_id": environment_id}
