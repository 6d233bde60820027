"""The floor's tables. Django imports this module; the files beside it are split by idea."""

from apps.core.models.approvals import ChangeRequest, Vote
from apps.core.models.audit import AuditEntry, AuditPending, AuditSeal
from apps.core.models.holds import Hold
from apps.core.models.keys import ApiKey
from apps.core.models.projects import Environment, Project
from apps.core.models.ticks import Tick

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditPending",
    "AuditSeal",
    "ChangeRequest",
    "Environment",
    "Hold",
    "Project",
    "Tick",
    "Vote",
]
