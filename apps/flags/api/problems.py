"""The flags' refusals as problems."""

from apps.core.api.problems import Problem, Translations, invalid, refusal
from apps.flags.domain.engine.context import InvalidContext
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.members import UnreadableMembers
from apps.flags.domain.transitions import FlagIsArchived, FlagIsKilled, FlagIsNotKilled, NothingToChange
from apps.flags.services import (
    ApprovalMissing,
    FlagIsNeeded,
    FlagIsRollingOut,
    KeyIsArchived,
    NothingToApprove,
    OwnRollout,
    RolloutIsNotPaused,
    RolloutIsNotRunning,
    RolloutIsOver,
    ScheduleIsOver,
)


def _needed(error: FlagIsNeeded) -> Problem:
    return Problem(409, "flag_is_needed", f"Other flags wait for this one: {', '.join(error.keys)}.")


def _unreadable_members(error: UnreadableMembers) -> Problem:
    """The number of a line is its place in the list, from 1 on."""
    told = [("targeting_keys", f"line {number}: {problem}") for number, problem in error.problems]
    more = [("targeting_keys", f"{error.more:,} more lines are bad")] if error.more else []
    return invalid((*told, *more))


REFUSALS: Translations = {
    NothingToChange: refusal(409, "nothing_to_change", "It is like this already; somebody may have been faster."),
    FlagIsKilled: refusal(409, "flag_is_killed", "The flag is killed here. Lift the kill first, then change it."),
    FlagIsNotKilled: refusal(409, "flag_is_not_killed", "The flag is not killed here, so there is no kill to lift."),
    FlagIsArchived: refusal(409, "flag_is_archived", "The flag is archived. Restore it first, then change it."),
    FlagIsNeeded: _needed,
    KeyIsArchived: refusal(
        409, "already_exists", "An archived flag has this key. Restore it, or choose another key.", field="key"
    ),
    ScheduleIsOver: refusal(409, "schedule_is_over", "It was applied or cancelled already; read its status."),
    FlagIsRollingOut: refusal(
        409, "flag_is_rolling_out", "A rollout plan changes this flag. Take it over or roll it back, then change it."
    ),
    RolloutIsOver: refusal(409, "rollout_is_over", "This rollout plan has ended."),
    RolloutIsNotRunning: refusal(409, "rollout_is_not_running", "This rollout plan is paused; resume it first."),
    RolloutIsNotPaused: refusal(409, "rollout_is_not_paused", "This rollout plan is running already."),
    NothingToApprove: refusal(409, "nothing_to_approve", "The present stage needs no approval, or has it."),
    OwnRollout: refusal(409, "own_rollout", "Somebody other than who started the plan has to approve its stages."),
    ApprovalMissing: refusal(409, "approval_missing", "The present stage has to be approved before it can be left."),
    UnreadableMembers: _unreadable_members,
    InvalidDefinition: lambda error: invalid(((error.path, error.message),)),
    InvalidContext: lambda error: invalid((("context", error.details),)),
}
