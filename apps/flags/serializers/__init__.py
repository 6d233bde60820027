"""What the REST API of the flags reads and writes. Definitions are judged by the engine, not here."""

from apps.flags.serializers.evaluation import Evaluate, EvaluationOut, EvaluationsOut
from apps.flags.serializers.explanations import Explain, ExplanationOut
from apps.flags.serializers.flags import FlagChange, FlagFilter, FlagIn, FlagOut, UsageFilter, UsageOut
from apps.flags.serializers.requests import ChangeRequestFilter, ChangeRequestIn, ChangeRequestOut, Comment
from apps.flags.serializers.rollouts import (
    RolloutAction,
    RolloutFilter,
    RolloutIn,
    RolloutOut,
    TemplateOut,
)
from apps.flags.serializers.schedules import ScheduledChangeOut, ScheduleFilter, ScheduleIn
from apps.flags.serializers.segments import (
    Members,
    MembersCount,
    MembersImport,
    MembersOut,
    SegmentChange,
    SegmentIn,
    SegmentOut,
)
from apps.flags.serializers.states import FlagStateOut, LiftKill, Revert, StateChange, VersionOut

__all__ = [
    "ChangeRequestFilter",
    "ChangeRequestIn",
    "ChangeRequestOut",
    "Comment",
    "Evaluate",
    "EvaluationOut",
    "EvaluationsOut",
    "Explain",
    "ExplanationOut",
    "FlagChange",
    "FlagFilter",
    "FlagIn",
    "FlagOut",
    "FlagStateOut",
    "LiftKill",
    "Members",
    "MembersCount",
    "MembersImport",
    "MembersOut",
    "Revert",
    "RolloutAction",
    "RolloutFilter",
    "RolloutIn",
    "RolloutOut",
    "ScheduleFilter",
    "ScheduleIn",
    "ScheduledChangeOut",
    "SegmentChange",
    "SegmentIn",
    "SegmentOut",
    "StateChange",
    "TemplateOut",
    "UsageFilter",
    "UsageOut",
    "VersionOut",
]
