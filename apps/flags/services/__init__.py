"""Writes of the flags app. Every function is one transaction: lock, let the domain decide, save, audit, announce."""

from apps.flags.services.advancing import advance_rollout, advance_rollouts
from apps.flags.services.archiving import FlagIsNeeded, archive_flag, restore_flag
from apps.flags.services.flags import FlagFields, KeyIsArchived, adopt_environment, create_flag, update_flag
from apps.flags.services.members import TooManyMembers, set_members
from apps.flags.services.open_rollouts import FlagIsRollingOut
from apps.flags.services.proposals import OPERATIONS, approve_request, propose
from apps.flags.services.publishing import InvalidFlag
from apps.flags.services.rollouts import (
    ApprovalMissing,
    InvalidRollout,
    NothingToApprove,
    OwnRollout,
    RolloutIsNotPaused,
    RolloutIsNotRunning,
    RolloutIsOver,
    approve_stage,
    pause_rollout,
    resume_rollout,
    roll_back_rollout,
    skip_stage,
    start_rollout,
    take_over_rollout,
)
from apps.flags.services.schedules import (
    ScheduleIsOver,
    TimeHasPassed,
    apply_due_changes,
    cancel_scheduled_change,
    schedule_change,
)
from apps.flags.services.segments import create_segment, update_segment
from apps.flags.services.states import kill, lift_kill, revert, set_state
from apps.flags.services.usage import add_usage, drop_usage

__all__ = [
    "OPERATIONS",
    "ApprovalMissing",
    "FlagFields",
    "FlagIsNeeded",
    "FlagIsRollingOut",
    "InvalidFlag",
    "InvalidRollout",
    "KeyIsArchived",
    "NothingToApprove",
    "OwnRollout",
    "RolloutIsNotPaused",
    "RolloutIsNotRunning",
    "RolloutIsOver",
    "ScheduleIsOver",
    "TimeHasPassed",
    "TooManyMembers",
    "add_usage",
    "adopt_environment",
    "advance_rollout",
    "advance_rollouts",
    "apply_due_changes",
    "approve_request",
    "approve_stage",
    "archive_flag",
    "cancel_scheduled_change",
    "create_flag",
    "create_segment",
    "drop_usage",
    "kill",
    "lift_kill",
    "pause_rollout",
    "propose",
    "restore_flag",
    "resume_rollout",
    "revert",
    "roll_back_rollout",
    "schedule_change",
    "set_members",
    "set_state",
    "skip_stage",
    "start_rollout",
    "take_over_rollout",
    "update_flag",
    "update_segment",
]
