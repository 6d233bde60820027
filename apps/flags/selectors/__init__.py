"""Reads of the flags app: rows inside, engine values and frozen dataclasses outside."""

from apps.flags.selectors.changed import ChangedState, changed_state, state_now, was_on
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
    versions,
)
from apps.flags.selectors.past import began_at, flag_at
from apps.flags.selectors.prerequisites import held_back, prerequisite_problems, waiting_for
from apps.flags.selectors.rollouts import (
    StoppedRollout,
    ToldPlan,
    open_rollout,
    rollouts,
    rollouts_of,
    standings,
    stopped_rollouts,
    tell,
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
    "ChangedState",
    "FlagVersion",
    "Interval",
    "KilledFlag",
    "LockedFlag",
    "Stamp",
    "StateStamp",
    "StoppedRollout",
    "Summary",
    "Told",
    "ToldPlan",
    "Usage",
    "began_at",
    "changed_state",
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
    "hourly_totals",
    "last_served_at",
    "open_rollout",
    "prerequisite_problems",
    "rollouts",
    "rollouts_of",
    "ruleset",
    "ruleset_stamps",
    "segment_versions",
    "segments",
    "segments_of",
    "stale_flags",
    "standings",
    "state_now",
    "state_stamps",
    "states_of",
    "stopped_rollouts",
    "tell",
    "usage",
    "versions",
    "waiting_for",
    "was_on",
    "why_stale",
    "world_around",
]
