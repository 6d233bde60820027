"""Why one user gets what a flag serves, now or at a past moment. Counts nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.flags.domain.engine.definitions import Flag, Lock
from apps.flags.domain.engine.explain import explain
from apps.flags.domain.engine.explanation import Explanation
from apps.flags.models import FlagState
from apps.flags.selectors import definitions
from apps.flags.selectors.flags import FlagVersion, described, versions
from apps.flags.selectors.past import flag_at, was_archived
from apps.flags.selectors.rulesets import world_around


@dataclass(frozen=True, slots=True)
class Told:
    explanation: Explanation
    version: FlagVersion  # the version that was asked
    archived: bool  # then apps were not answered at all, and this is what the flag would have served
    left_out: Lock | None = None  # what a variable locks in this process, of which a past moment knows nothing


def explained(
    state: FlagState, context: Mapping[str, object], *, at: datetime, past: datetime | None = None
) -> Told | None:
    """`at` is now; with `past`, everything is as it was at that moment. None: the flag did not exist then.

    Raises InvalidDefinition when what is served cannot be read.
    """
    if past is None:
        return _told(state, definitions.flag(state), context, at, None)
    flag = flag_at(state, past)
    return _told(state, flag, context, past, past) if flag else None


def _told(state: FlagState, flag: Flag, context: Mapping[str, object], at: datetime, past: datetime | None) -> Told:
    among = world_around(flag, state.environment_id, context, at=past)
    (version,) = described(list(versions(state).filter(number=flag.version)))
    archived = was_archived(state, past) if past else state.flag.archived_at is not None
    left_out = definitions.lock(state.flag) if past else None
    return Told(explain(flag, among, context, at.timestamp()), version, archived, left_out)
