"""The audit entries of deployments. Private to services."""

from datetime import datetime

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import AuditEntry
from apps.deployments.models import Deployment, FreezeWindow, MessageTemplate, Release, Service, Target

ITSELF = audit.system("deployments")
Subject = Deployment | FreezeWindow | MessageTemplate | Release | Service | Target


def record(
    kind: str,
    subject: Subject,
    changed: Changes | None = None,
    *,
    actor: Actor = ITSELF,
    reason: str,
    at: datetime,
) -> AuditEntry:
    place = _place_of(subject)
    return audit.record(kind=kind, subject=subject, **place, actor=actor, reason=reason, at=at, changes=changed)


def _place_of(subject: Subject) -> dict[str, int | None]:
    if isinstance(subject, Deployment):
        subject = subject.target
    if isinstance(subject, Target):
        return {"project_id": subject.service.project_id, "environment_id": subject.environment_id}
    if isinstance(subject, Release):
        return {"project_id": subject.service.project_id, "environment_id": None}
    environment_id = subject.environment_id if isinstance(subject, FreezeWindow) else None
    return {"project_id": subject.project_id, "environment_id": environment_id}
