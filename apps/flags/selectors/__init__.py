"""Reads of the flags app: rows inside, engine values and frozen dataclasses outside."""

from apps.flags.selectors.flags import (
    FlagVersion,
    described,
    flag_in,
    flags,
    flags_with_states,
    history,
    segments,
    states_of,
    versions,
)
from apps.flags.selectors.rulesets import (
    Stamp,
    StateStamp,
    flags_in,
    ruleset,
    ruleset_stamps,
    segment_versions,
    segments_of,
    state_stamps,
    world_around,
)
from apps.flags.selectors.staleness import last_served_at, stale_flags, why_stale
from apps.flags.selectors.summary import KilledFlag, LockedFlag, Summary, evaluations_by_hour, flag_summary
from apps.flags.selectors.usage import Interval, Usage, hourly_totals, usage

__all__ = [
    "FlagVersion",
    "Interval",
    "KilledFlag",
    "LockedFlag",
    "Stamp",
    "StateStamp",
    "Summary",
    "Usage",
    "described",
    "evaluations_by_hour",
    "flag_in",
    "flag_summary",
    "flags",
    "flags_in",
    "flags_with_states",
    "history",
    "hourly_totals",
    "last_served_at",
    "ruleset",
    "ruleset_stamps",
    "segment_versions",
    "segments",
    "segments_of",
    "stale_flags",
    "state_stamps",
    "states_of",
    "usage",
    "versions",
    "why_stale",
    "world_around",
]
