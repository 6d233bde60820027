"""The flags' refusals as problems."""

from django.core.exceptions import ValidationError

from apps.core.api.problems import Problem, Translations, invalid, refusal
from apps.flags.domain.engine.context import InvalidContext
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.members import UnreadableMembers
from apps.flags.domain.transitions import FlagIsKilled, FlagIsNotKilled, NothingToChange, ReasonMissing
from apps.flags.services import InvalidFlag


def _invalid_flag(error: ValidationError) -> Problem:
    return invalid(tuple((path, message) for path, messages in error.message_dict.items() for message in messages))


def _unreadable_members(error: UnreadableMembers) -> Problem:
    """The number of a line is its place in the list, from 1 on."""
    told = [("targeting_keys", f"line {number}: {problem}") for number, problem in error.problems]
    more = [("targeting_keys", f"{error.more:,} more lines are bad")] if error.more else []
    return invalid((*told, *more))


REFUSALS: Translations = {
    NothingToChange: refusal(409, "nothing_to_change", "It is like this already; somebody may have been faster."),
    FlagIsKilled: refusal(409, "flag_is_killed", "The flag is killed here. Lift the kill first, then change it."),
    FlagIsNotKilled: refusal(409, "flag_is_not_killed", "The flag is not killed here, so there is no kill to lift."),
    ReasonMissing: refusal(400, "reason_missing", "Say why: this change needs a reason.", field="reason"),
    InvalidFlag: _invalid_flag,
    UnreadableMembers: _unreadable_members,
    InvalidDefinition: lambda error: invalid(((error.path, error.message),)),
    InvalidContext: lambda error: invalid((("context", error.details),)),
}
