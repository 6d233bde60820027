"""When a plan goes on and what it waits for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain.holds import GuardVerdict
from apps.flags.domain.rollouts.plans import Plan
from apps.flags.domain.rollouts.steps import Advance, Cause, Complete, Standing, Wait, next_step
from tests.flags.domain.rollouts.build import FOUR_WEEKS, plan, stage

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DUE = Standing(position=0, due_at=AT)
GUARDED = plan(stage(1_000), stage(5_000), guards=("errors", "latency"))
GREEN = (GuardVerdict("latency", True, "green"), GuardVerdict("errors", True, "green"))


def words(of: Plan, standing: Standing) -> list[str]:
    step = next_step(of, standing, AT)
    assert isinstance(step, Wait)
    return [reason.words for reason in step.reasons]


def test_a_hold_that_is_served_leads_to_the_next_stage() -> None:
    assert next_step(FOUR_WEEKS, DUE, AT) == Advance(1)


def test_the_last_hold_completes_the_plan() -> None:
    assert next_step(FOUR_WEEKS, replace(DUE, position=3), AT) == Complete()


def test_a_hold_is_served_to_its_last_moment() -> None:
    early = replace(DUE, due_at=AT + timedelta(microseconds=1))
    assert words(FOUR_WEEKS, early) == ["the stage lasts until 2026-01-05 09:00 UTC"]


def test_a_missed_tick_catches_up_by_one_stage_alone() -> None:
    late = replace(DUE, due_at=AT - timedelta(days=365))
    assert next_step(FOUR_WEEKS, late, AT) == Advance(1)


def test_a_killed_flag_goes_nowhere() -> None:
    assert words(FOUR_WEEKS, replace(DUE, killed=True)) == ["the flag is killed"]


def test_every_guard_has_to_be_green_and_an_unheard_one_is_not() -> None:
    assert words(GUARDED, DUE) == [
        "errors is not green: no verdict yet",
        "latency is not green: no verdict yet",
    ]
    red = (GREEN[0], GuardVerdict("errors", False, "4 % errors"))
    assert words(GUARDED, replace(DUE, verdicts=red)) == ["errors is not green: 4 % errors"]
    assert next_step(GUARDED, replace(DUE, verdicts=GREEN), AT) == Advance(1)


def test_a_guard_that_nobody_asked_for_holds_nothing_back() -> None:
    other = replace(DUE, verdicts=(GuardVerdict("other", False, "red"),))
    assert next_step(FOUR_WEEKS, other, AT) == Advance(1)


def test_guards_watch_the_last_stage_as_well() -> None:
    assert isinstance(next_step(GUARDED, replace(DUE, position=1), AT), Wait)


def test_a_stage_that_needs_approval_waits_for_it() -> None:
    of = plan(stage(1_000, approval=True), stage(5_000))
    assert words(of, DUE) == ["somebody other than who started it has to approve the stage"]
    assert next_step(of, replace(DUE, approved=True), AT) == Advance(1)


@pytest.mark.parametrize(("evaluations", "goes_on"), [(0, False), (999, False), (1_000, True), (5_000, True)])
def test_a_stage_waits_for_its_evaluations(evaluations: int, goes_on: bool) -> None:
    of = plan(stage(1_000, evaluations=1_000), stage(5_000))
    standing = replace(DUE, evaluations=evaluations)
    if goes_on:
        assert next_step(of, standing, AT) == Advance(1)
    else:
        assert words(of, standing) == [f"{evaluations:,} of 1,000 evaluations so far"]


standings = st.builds(
    Standing,
    position=st.integers(0, 1),
    due_at=st.sampled_from([AT - timedelta(days=1), AT, AT + timedelta(seconds=1)]),
    approved=st.booleans(),
    evaluations=st.integers(0, 20),
    verdicts=st.lists(st.sampled_from([*GREEN, GuardVerdict("errors", False, "red")]), max_size=2).map(tuple),
    killed=st.booleans(),
)


@given(standings)
def test_it_goes_on_exactly_when_nothing_is_missing(standing: Standing) -> None:
    of = plan(stage(1_000, approval=True, evaluations=10), stage(5_000), guards=("errors",))
    stage_now = of.stages[standing.position]
    verdicts = {one.name: one.green for one in standing.verdicts}
    missing: dict[str, Any] = {
        Cause.KILL: standing.killed,
        Cause.TIME: standing.due_at > AT,
        Cause.GUARD: not verdicts.get("errors", False),
        Cause.APPROVAL: stage_now.needs_approval and not standing.approved,
        Cause.EVALUATIONS: standing.evaluations < stage_now.minimum_evaluations,
    }
    step = next_step(of, standing, AT)
    if any(missing.values()):
        assert isinstance(step, Wait)
        assert {reason.cause for reason in step.reasons} == {
            cause for cause, is_missing in missing.items() if is_missing
        }
    else:
        assert step == (Complete() if standing.position else Advance(1))
