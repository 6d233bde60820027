"""The flags' tables. Django imports this module; the files beside it are split by idea."""

from apps.flags.models.flags import Flag, FlagState, FlagStateVersion, Variant
from apps.flags.models.rollouts import RolloutPlan, RolloutStage
from apps.flags.models.rulesets import Ruleset
from apps.flags.models.schedules import ScheduledChange
from apps.flags.models.segments import Segment, SegmentMember, SegmentVersion
from apps.flags.models.usage import FlagActivity, FlagUsage

__all__ = [
    "Flag",
    "FlagActivity",
    "FlagState",
    "FlagStateVersion",
    "FlagUsage",
    "RolloutPlan",
    "RolloutStage",
    "Ruleset",
    "ScheduledChange",
    "Segment",
    "SegmentMember",
    "SegmentVersion",
    "Variant",
]
