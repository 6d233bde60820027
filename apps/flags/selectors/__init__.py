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
from apps.flags.selectors.rulesets import ruleset, ruleset_versions

__all__ = [
    "FlagVersion",
    "flag_in",
    "flags",
    "flags_with_states",
    "history",
    "open_states",
    "ruleset",
    "ruleset_versions",
    "segments",
    "states_of",
    "usage_by_variant",
    "usage_totals",
]
