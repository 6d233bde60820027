"""Writes of the flags app. Every function is one transaction: lock, let the domain decide, save, audit, announce."""

from apps.flags.services.advancing import advance_rollout, advance_rollouts
from apps.flags.services.flags import FlagFields, adopt_environment, create_flag, update_flag
from apps.flags.services.open_rollouts import FlagIsRollingOut
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
from apps.flags.services.segments import create_segment, set_members, update_segment
from apps.flags.services.states import kill, lift_kill, revert, set_state
from apps.flags.services.usage import add_usage

__all__ = [
    "ApprovalMissing",
    "FlagFields",
    "FlagIsRollingOut",
    "InvalidFlag",
    "InvalidRollout",
    "NothingToApprove",
    "OwnRollout",
    "RolloutIsNotPaused",
    "RolloutIsNotRunning",
    "RolloutIsOver",
    "add_usage",
    "adopt_environment",
    "advance_rollout",
    "advance_rollouts",
    "approve_stage",
    "create_flag",
    "create_segment",
    "kill",
    "lift_kill",
    "pause_rollout",
    "resume_rollout",
    "revert",
    "roll_back_rollout",
    "set_members",
    "set_state",
    "skip_stage",
    "start_rollout",
    "take_over_rollout",
    "update_flag",
    "update_segment",
]
