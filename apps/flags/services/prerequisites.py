"""Flags that wait for others: what is refused before it is saved. Private to services."""

from collections.abc import Iterator

from apps.flags import selectors
from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.validation import Problem
from apps.flags.models import FlagState, Ruleset


def prerequisite_problems(state: FlagState, flag: engine.Flag) -> Iterator[Problem]:
    """What is wrong between this flag and those it waits for. Holds the ruleset's lock from here on, so that two
    changes at once cannot close a circle between them."""
    if flag.prerequisites:
        Ruleset.objects.select_for_update().filter(pk=state.environment_id).first()
        yield from selectors.prerequisite_problems(state, flag)
