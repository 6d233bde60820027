"""The audit entries of flags, of their states and of segments. Private to services."""

from datetime import datetime
from typing import Any

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import AuditEntry
from apps.flags.models import Flag, FlagState, Segment


def record(
    kind: str,
    subject: Flag | FlagState | Segment,
    *,
    actor: Actor,
    reason: str,
    at: datetime,
    changed: Changes | None = None,
    environment_id: int | None = None,
) -> AuditEntry:
    place = place_of(subject, environment_id)
    return audit.record(kind=kind, subject=subject, **place, actor=actor, reason=reason, at=at, changes=changed)


def place_of(subject: Flag | FlagState | Segment, environment_id: int | None) -> dict[str, Any]:
    """A state knows its environment itself."""
    if isinstance(subject, FlagState):
        return {"project_id": subject.flag.project_id, "environment_id": subject.environment_id}
    return {"project_id": subject.project_id, "environment_id": environment_id}
