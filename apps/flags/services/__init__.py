"""Writes of the flags app. Every function is one transaction: lock, let the domain decide, save, audit, announce."""

from apps.flags.services.archiving import FlagIsNeeded, archive_flag, restore_flag
from apps.flags.services.flags import FlagFields, KeyIsArchived, adopt_environment, create_flag, update_flag
from apps.flags.services.proposals import OPERATIONS, approve_request, propose
from apps.flags.services.publishing import InvalidFlag
from apps.flags.services.schedules import (
    ScheduleIsOver,
    TimeHasPassed,
    apply_due_changes,
    cancel_scheduled_change,
    schedule_change,
)
from apps.flags.services.segments import create_segment, set_members, update_segment
from apps.flags.services.states import kill, lift_kill, revert, set_state
from apps.flags.services.usage import add_usage

__all__ = [
    "OPERATIONS",
    "FlagFields",
    "FlagIsNeeded",
    "InvalidFlag",
    "KeyIsArchived",
    "ScheduleIsOver",
    "TimeHasPassed",
    "add_usage",
    "adopt_environment",
    "apply_due_changes",
    "approve_request",
    "archive_flag",
    "cancel_scheduled_change",
    "create_flag",
    "create_segment",
    "kill",
    "lift_kill",
    "propose",
    "restore_flag",
    "revert",
    "schedule_change",
    "set_members",
    "set_state",
    "update_flag",
    "update_segment",
]
