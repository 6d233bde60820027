"""The flags' tables. Django imports this module; the files beside it are split by idea."""

from apps.flags.models.flags import Flag, FlagState, FlagStateVersion, Variant
from apps.flags.models.rollouts import RolloutPlan, RolloutStage
from apps.flags.models.rulesets import Ruleset
from apps.flags.models.segments import Segment, SegmentMember
from apps.flags.models.usage import FlagUsage

__all__ = [
    "Flag",
    "FlagState",
    "FlagStateVersion",
    "FlagUsage",
    "RolloutPlan",
    "RolloutStage",
    "Ruleset",
    "Segment",
    "SegmentMember",
    "Variant",
]
