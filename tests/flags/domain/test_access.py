"""Which permissions each action needs."""

import pytest

from apps.flags.domain.access import Action, needed
from pulseops.roles import ROLES


def test_a_state_change_needs_more_in_a_protected_environment() -> None:
    assert needed(Action.CHANGE_STATE) == ("flags.change_flagstate",)
    assert needed(Action.CHANGE_STATE, protected=True) == ("flags.change_flagstate", "flags.change_protected")


def test_a_kill_needs_only_the_right_to_kill_also_in_production() -> None:
    assert needed(Action.KILL, protected=True) == needed(Action.KILL) == ("flags.kill_flag",)


@pytest.mark.parametrize("action", Action)
def test_every_action_needs_something(action: Action) -> None:
    assert needed(action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", ["Product", "Operator", "Administrator"])
def test_those_who_ship_may_do_everything_with_flags(role: str, action: Action) -> None:
    assert set(needed(action, protected=True)) <= set(ROLES[role])


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.VIEW])
def test_a_viewer_may_only_look(action: Action) -> None:
    assert set(needed(Action.VIEW)) <= set(ROLES["Viewer"])
    assert not set(needed(action)) <= set(ROLES["Viewer"])
