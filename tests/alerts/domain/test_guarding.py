"""May an automatic response act: each reason against it alone, and their order."""

import pytest

from apps.alerts.domain.guarding import Cause, Go, Limits, Past, Refusal, may_act
from tests.alerts.domain.build import at

FREE = Limits(cooldown_seconds=0, daily_budget=100, changed_within_seconds=None)
CHANGED = Past(changed_at=at(-10))


def test_nothing_speaks_against_the_first_action_on_what_changed_lately() -> None:
    assert may_act(Limits(), CHANGED, at(0)) == Go()
    assert may_act(FREE, Past(), at(0)) == Go()


@pytest.mark.parametrize(
    ("minute", "words"),
    [
        (-60, None),
        (-60.1, "the last change was at 2026-03-01 10:59 UTC, not in the last 1 hour"),
        (None, "no change is known, and it acts only on what changed in the last 1 hour"),
        (1, None),  # a clock that is a little behind
    ],
)
def test_what_did_not_change_lately_is_not_to_blame(minute: float | None, words: str | None) -> None:
    past = Past(changed_at=None if minute is None else at(minute))
    answer = may_act(Limits(changed_within_seconds=3_600), past, at(0))
    assert answer == (Refusal(Cause.UNCHANGED, words) if words else Go())


@pytest.mark.parametrize(("minute", "goes"), [(-14.9, False), (-15, True), (-1, False), (-100, True)])
def test_it_waits_between_two_actions(minute: float, goes: bool) -> None:
    answer = may_act(Limits(cooldown_seconds=900, daily_budget=9), Past((at(-200), at(minute)), at(-5)), at(0))
    assert isinstance(answer, Go) is goes


def test_the_wait_in_words() -> None:
    answer = may_act(Limits(cooldown_seconds=900), Past((at(-5),), at(-10)), at(0))
    assert answer == Refusal(Cause.COOLDOWN, "it acted at 11:55 UTC and then waits 15 minutes, until 12:10")


DAY = 24 * 60


@pytest.mark.parametrize(
    ("minutes", "budget", "words"),
    [
        ((-60, -120), 3, None),
        ((-60, -120, -180), 3, "it has acted 3 times in the last 24 hours, and 3 are allowed"),
        ((-60, -120, -DAY), 3, None),  # a day ago is no longer counted
        ((-60, -120, 0.1 - DAY), 3, "it has acted 3 times in the last 24 hours, and 3 are allowed"),
        ((-60,), 1, "it has acted once in the last 24 hours, and 1 is allowed"),
        ((), 0, "its budget is 0 actions a day"),
    ],
)
def test_it_has_a_budget_for_a_day(minutes: tuple[float, ...], budget: int, words: str | None) -> None:
    limits = Limits(cooldown_seconds=0, daily_budget=budget, changed_within_seconds=None)
    answer = may_act(limits, Past(tuple(at(minute) for minute in minutes)), at(0))
    assert answer == (Refusal(Cause.BUDGET, words) if words else Go())


def test_a_dry_run_says_what_the_real_one_would_do() -> None:
    dry = Limits(dry_run=True)
    assert may_act(dry, CHANGED, at(0)) == Refusal(
        Cause.DRY_RUN, "this is a dry run: otherwise it would have acted now"
    )
    unchanged = may_act(dry, Past(), at(0))
    assert isinstance(unchanged, Refusal)
    assert unchanged.cause is Cause.UNCHANGED
