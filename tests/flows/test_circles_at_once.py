"""Two changes at once that would close a circle between them: one of them is refused."""

from functools import partial

import pytest

from apps.flags import services
from apps.flags.domain.engine.definitions import Prerequisite
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag, FlagState
from apps.flags.services import InvalidFlag
from tests.factories import ACTOR, AT, make_flag, make_project, state_in
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def wait(flag: Flag, other: Flag) -> FlagState:
    return services.set_state(
        state_id=state_in(flag).pk,
        change=Change(prerequisites=(Prerequisite(other.key, ("on",)),)),
        actor=ACTOR,
        reason="tests",
        at=AT,
        expected_version=None,
    )


def test_of_two_flags_that_would_wait_for_each_other_one_is_refused() -> None:
    project = make_project()
    for _ in range(ROUNDS):
        one, other = make_flag(project=project), make_flag(project=project)
        (refused,) = at_once(partial(wait, one, other), partial(wait, other, one))
        assert isinstance(refused, InvalidFlag), refused
        assert sorted(state_in(flag).version for flag in (one, other)) == [1, 2]
