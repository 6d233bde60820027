"""Writes of the floor. Each is one transaction and one audit entry; marks of use and ticks are exempt."""

from apps.core.services.keys import (
    EnvironmentMissing,
    IssuedKey,
    KeyAlreadyRotated,
    KeyNotUsable,
    issue_key,
    mark_keys_used,
    revoke_key,
    rotate_key,
)
from apps.core.services.people import LastAdministrator, add_person, change_person, set_password
from apps.core.services.projects import (
    adopt_environments_with,
    create_environment,
    create_project,
    lock_project,
    update_environment,
    update_project,
)
from apps.core.services.reasons import ReasonMissing, check_reason
from apps.core.services.ticks import BEAT, tick
from apps.core.services.versions import StaleVersion, check_version

__all__ = [
    "BEAT",
    "EnvironmentMissing",
    "IssuedKey",
    "KeyAlreadyRotated",
    "KeyNotUsable",
    "LastAdministrator",
    "ReasonMissing",
    "StaleVersion",
    "add_person",
    "adopt_environments_with",
    "change_person",
    "check_reason",
    "check_version",
    "create_environment",
    "create_project",
    "issue_key",
    "lock_project",
    "mark_keys_used",
    "revoke_key",
    "rotate_key",
    "set_password",
    "tick",
    "update_environment",
    "update_project",
]
