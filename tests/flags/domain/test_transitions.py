"""What may follow what for a flag in one environment."""

import pytest

from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import (
    Change,
    FlagIsKilled,
    FlagIsNotKilled,
    NothingToChange,
    Serving,
    apply,
    kill,
    lift_kill,
    readable,
    revert,
)
from tests.flags.domain.build import ramp, rule

ON, OFF, KILLED = FlagStatus.ON, FlagStatus.OFF, FlagStatus.KILLED
RAMP = (rule(ramp(25_000)),)


def serving(status: FlagStatus = OFF, *, default: str = "on", off: str = "off", ramped: bool = False) -> Serving:
    return Serving(status, RAMP if ramped else (), default, off)


def test_turning_on_keeps_everything_else() -> None:
    assert apply(serving(ramped=True), Change(status=ON)) == serving(ON, ramped=True)


def test_empty_rules_are_a_change_and_no_rules_given_are_none() -> None:
    assert apply(serving(ON, ramped=True), Change(rules=())) == serving(ON)
    assert apply(serving(ON, ramped=True), Change(default_variant="off")).rules == RAMP


@pytest.mark.parametrize(
    "change", [Change(), Change(status=ON), Change(status=ON, rules=(), default_variant="on", off_variant="off")]
)
def test_a_change_that_leaves_everything_as_it_is_is_refused(change: Change) -> None:
    with pytest.raises(NothingToChange):
        apply(serving(ON), change)


def test_a_killed_flag_takes_no_change() -> None:
    with pytest.raises(FlagIsKilled):
        apply(serving(KILLED), Change(status=ON))


def test_a_change_cannot_kill() -> None:
    with pytest.raises(FlagIsKilled):
        apply(serving(ON), Change(status=KILLED))


def test_a_kill_keeps_the_rules_for_later() -> None:
    killed = kill(serving(ON, ramped=True))
    assert killed == serving(KILLED, ramped=True)
    assert lift_kill(killed, ON) == serving(ON, ramped=True)


def test_a_flag_that_is_off_can_be_killed() -> None:
    assert kill(serving(OFF)).status is KILLED


def test_a_second_kill_is_refused() -> None:
    with pytest.raises(NothingToChange):
        kill(serving(KILLED))


@pytest.mark.parametrize("status", [ON, OFF])
def test_a_kill_is_lifted_to_the_given_status(status: FlagStatus) -> None:
    assert lift_kill(serving(KILLED), status) == serving(status)


@pytest.mark.parametrize("status", [ON, OFF])
def test_only_a_killed_flag_has_a_kill_to_lift(status: FlagStatus) -> None:
    with pytest.raises(FlagIsNotKilled):
        lift_kill(serving(status), ON)


def test_lifting_a_kill_does_not_leave_the_flag_killed() -> None:
    with pytest.raises(FlagIsKilled):
        lift_kill(serving(KILLED), KILLED)


def test_a_revert_brings_the_earlier_version_back_whole() -> None:
    earlier = serving(OFF, default="off", off="on", ramped=True)
    assert revert(serving(ON), earlier) == earlier


def test_a_revert_to_a_killed_version_turns_off_instead_of_killing() -> None:
    assert revert(serving(ON), serving(KILLED, ramped=True)) == serving(OFF, ramped=True)


def test_a_revert_does_not_lift_a_kill() -> None:
    with pytest.raises(FlagIsKilled):
        revert(serving(KILLED), serving(ON))


def test_a_revert_to_what_is_served_anyway_is_refused() -> None:
    with pytest.raises(NothingToChange):
        revert(serving(OFF), serving(KILLED))


def test_a_serving_reads_as_plain_json() -> None:
    assert readable(serving(ON, ramped=True)) == {
        "status": "on",
        "rules": [{"id": "rollout", "when": None, "serve": {"split": [["on", 25_000], ["off", 75_000]]}}],
        "default_variant": "on",
        "off_variant": "off",
        "prerequisites": [],
        "overrides": [],
    }
