"""Reads of the flags app: rows inside, engine values and frozen dataclasses outside."""

from apps.flags.selectors.flags import (
    FlagVersion,
    flag_in,
    flags,
    flags_with_states,
    history,
    open_states,
    segments,
    states_of,
    usage_by_variant,
    usage_totals,
)
from apps.flags.selectors.rulesets import (
    Stamp,
    flags_in,
    ruleset,
    ruleset_stamps,
    segment_versions,
    segments_of,
    state_stamps,
)

__all__ = [
    "Stamp",
    "FlagVersion",
    "flag_in",
    "flags",
    "flags_in",
    "flags_with_states",
    "history",
    "open_states",
    "ruleset",
    "ruleset_stamps",
    "segment_versions",
    "segments",
    "segments_of",
    "state_stamps",
    "states_of",
    "usage_by_variant",
    "usage_totals",
]
