"""The audit entries of alerting. Private to services."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from apps.alerts.models import Alert, AlertRule, Channel, Incident, Route, Silence, StatusComponent, StatusPage
from apps.core import audit, bus
from apps.core.audit import Actor
from apps.core.models import AuditEntry, Environment

ITSELF = audit.system("alerts")

Subject = Alert | AlertRule | Channel | Environment | Incident | Route | Silence | StatusComponent | StatusPage
ON_STATUS_PAGES = (Incident, StatusComponent, StatusPage)


def record(
    kind: str,
    subject: Subject,
    changed: Mapping[str, list[Any]] | None = None,
    *,
    actor: Actor = ITSELF,
    reason: str,
    at: datetime,
) -> AuditEntry:
    (made,) = audit.record_all([_entry(Told(kind, subject, changed or {}, reason), actor, at)])
    if isinstance(subject, ON_STATUS_PAGES):
        bus.announce("status", environment=subject.environment_id)
    return made


class Told(NamedTuple):
    """What happened to what, and why."""

    kind: str
    subject: Subject
    changed: Mapping[str, list[Any]]
    reason: str


def record_all(told: Iterable[Told], *, at: datetime) -> None:
    audit.record_all([_entry(one, ITSELF, at) for one in told])


def _entry(told: Told, actor: Actor, at: datetime) -> AuditEntry:
    return audit.entry(
        kind=told.kind,
        subject=told.subject,
        **_place_of(told.subject),
        actor=actor,
        reason=told.reason,
        at=at,
        changes=dict(told.changed),
    )


def _place_of(subject: Subject) -> dict[str, int | None]:
    if isinstance(subject, Alert | AlertRule | Incident | StatusComponent | StatusPage):
        return {"project_id": subject.environment.project_id, "environment_id": subject.environment_id}
    if isinstance(subject, Environment):
        return {"project_id": subject.project_id, "environment_id": subject.pk}
    environment_id = subject.environment_id if isinstance(subject, Silence) else None
    return {"project_id": subject.project_id, "environment_id": environment_id}
