"""Reads of the flags app: rows inside, engine values and frozen dataclasses outside."""

from apps.flags.selectors.explaining import Told, explained
from apps.flags.selectors.flags import (
    FlagVersion,
    described,
    flag_in,
    flags,
    flags_with_states,
    history,
    segments,
    states_of,
    usage_by_variant,
    usage_totals,
    versions,
)
from apps.flags.selectors.past import began_at, flag_at
from apps.flags.selectors.prerequisites import held_back, prerequisite_problems, waiting_for
from apps.flags.selectors.rulesets import (
    Stamp,
    flags_in,
    ruleset,
    ruleset_stamps,
    segment_versions,
    segments_of,
    state_stamps,
    world_around,
)
from apps.flags.selectors.summary import KilledFlag, LockedFlag, Summary, evaluations_by_hour, flag_summary

__all__ = [
    "FlagVersion",
    "KilledFlag",
    "LockedFlag",
    "Stamp",
    "Summary",
    "Told",
    "began_at",
    "described",
    "evaluations_by_hour",
    "explained",
    "flag_at",
    "flag_in",
    "flag_summary",
    "flags",
    "flags_in",
    "flags_with_states",
    "held_back",
    "history",
    "prerequisite_problems",
    "ruleset",
    "ruleset_stamps",
    "segment_versions",
    "segments",
    "segments_of",
    "state_stamps",
    "states_of",
    "usage_by_variant",
    "usage_totals",
    "versions",
    "waiting_for",
    "world_around",
]
