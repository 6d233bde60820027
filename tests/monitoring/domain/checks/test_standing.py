"""Where a check stands after which results: traces by hand, and what holds for every trace."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.standing import Flip, Standing, State, Thresholds, pause, resume, step, words

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEW, UP, DOWN, PAUSED = State.NEW, State.UP, State.DOWN, State.PAUSED


def minute(number: int) -> datetime:
    return AT + timedelta(minutes=number)


def run(results: str, thresholds: Thresholds) -> tuple[list[str], list[Flip]]:
    """One result a minute: + and -, and p and r for pause and resume."""
    standing, said, flips = Standing(), [], []
    for number, result in enumerate(results):
        if result in "pr":
            standing, flip = (pause if result == "p" else resume)(standing, at=minute(number))
        else:
            standing, flip = step(standing, thresholds, ok=result == "+", at=minute(number))
        said.append(words(standing, thresholds))
        flips += [flip] if flip else []
    return said, flips


@pytest.mark.parametrize(
    ("results", "failures", "recoveries", "expected", "flips"),
    [
        ("+", 3, 1, ["up"], [(NEW, UP, 0, 0)]),
        ("-", 1, 1, ["down"], [(NEW, DOWN, 0, 0)]),
        ("--+", 3, 1, ["failing 1 of 3", "failing 2 of 3", "up"], [(NEW, UP, 2, 2)]),
        ("---", 3, 1, ["failing 1 of 3", "failing 2 of 3", "down"], [(NEW, DOWN, 2, 0)]),
        (
            "+--+---",
            3,
            1,
            ["up", "failing 1 of 3", "failing 2 of 3", "up", "failing 1 of 3", "failing 2 of 3", "down"],
            [(NEW, UP, 0, 0), (UP, DOWN, 6, 4)],
        ),
        (
            "-+-++",
            1,
            2,
            ["down", "down, recovering 1 of 2", "down", "down, recovering 1 of 2", "up"],
            [(NEW, DOWN, 0, 0), (DOWN, UP, 4, 3)],
        ),
        (
            "+-p-r-+",
            2,
            1,
            ["up", "failing 1 of 2", "paused", "paused", "new", "failing 1 of 2", "up"],
            [(NEW, UP, 0, 0), (UP, PAUSED, 2, 2), (PAUSED, NEW, 4, 4), (NEW, UP, 6, 6)],
        ),
        ("ppr", 1, 1, ["paused", "paused", "new"], [(NEW, PAUSED, 0, 0), (PAUSED, NEW, 2, 2)]),
        ("r", 1, 1, ["new"], []),
    ],
)
def test_traces(
    results: str,
    failures: int,
    recoveries: int,
    expected: list[str],
    flips: list[tuple[State, State, int, int]],
) -> None:
    said, flipped = run(results, Thresholds(failures, recoveries))
    assert said == expected
    assert flipped == [Flip(before, after, minute(at), minute(began)) for before, after, at, began in flips]


@pytest.mark.parametrize("late", [1, 0, -5])
def test_a_result_that_is_not_newer_changes_nothing(late: int) -> None:
    standing, _ = step(Standing(), Thresholds(1), ok=True, at=minute(1))
    assert step(standing, Thresholds(1), ok=False, at=minute(late)) == (standing, None)


def test_a_result_from_before_the_pause_ended_does_not_count() -> None:
    standing, _ = resume(pause(Standing(), at=minute(1))[0], at=minute(5))
    assert step(standing, Thresholds(1), ok=False, at=minute(4)) == (standing, None)


THRESHOLDS = st.builds(Thresholds, st.integers(1, 4), st.integers(1, 4))


@given(st.text("+-pr", max_size=40), THRESHOLDS)
def test_flips_form_a_chain_of_changes(results: str, thresholds: Thresholds) -> None:
    _, flips = run(results, thresholds)
    for before, after in zip([Flip(NEW, NEW, AT, AT), *flips], flips, strict=False):
        assert before.after is after.before is not after.after
        assert before.at <= after.began_at <= after.at
        assert State.FAILING not in (after.before, after.after)


@given(st.text("+-", max_size=40), THRESHOLDS)
def test_down_is_what_a_run_of_failures_says(results: str, thresholds: Thresholds) -> None:
    """The definition, without a machine: of the runs long enough to decide, the last one does."""
    _, flips = run(results, thresholds)
    settled = NEW
    for end in range(1, len(results) + 1):
        seen = results[:end]
        if seen.endswith("-" * thresholds.failures):
            settled = DOWN
        elif seen.endswith("+" * (thresholds.recoveries if settled is DOWN else 1)):
            settled = UP
    assert (flips[-1].after if flips else NEW) is settled
