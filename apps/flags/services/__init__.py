"""Writes of the flags app. Every function is one transaction: lock, let the domain decide, save, audit, announce."""

from apps.flags.services.flags import FlagFields, adopt_environment, create_flag, update_flag
from apps.flags.services.publishing import InvalidFlag
from apps.flags.services.segments import TooManyMembers, create_segment, set_members, update_segment
from apps.flags.services.states import kill, lift_kill, revert, set_state
from apps.flags.services.usage import add_usage

__all__ = [
    "FlagFields",
    "InvalidFlag",
    "TooManyMembers",
    "add_usage",
    "adopt_environment",
    "create_flag",
    "create_segment",
    "kill",
    "lift_kill",
    "revert",
    "set_members",
    "set_state",
    "update_flag",
    "update_segment",
]
