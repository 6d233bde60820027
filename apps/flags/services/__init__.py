"""Writes of the flags app. Every function is one transaction: lock, let the domain decide, save, audit, announce."""

from apps.flags.services.archiving import FlagIsNeeded, archive_flag, restore_flag
from apps.flags.services.flags import FlagFields, KeyIsArchived, adopt_environment, create_flag, update_flag
from apps.flags.services.publishing import InvalidFlag
from apps.flags.services.segments import create_segment, set_members, update_segment
from apps.flags.services.states import kill, lift_kill, revert, set_state
from apps.flags.services.usage import add_usage

__all__ = [
    "FlagFields",
    "FlagIsNeeded",
    "InvalidFlag",
    "KeyIsArchived",
    "add_usage",
    "adopt_environment",
    "archive_flag",
    "create_flag",
    "create_segment",
    "kill",
    "lift_kill",
    "restore_flag",
    "revert",
    "set_members",
    "set_state",
    "update_flag",
    "update_segment",
]
