"""One value out of a window's samples, counted by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.domain.labels import Labels, label_set
from apps.alerts.domain.rules import Aggregate, Baseline, Denominator, Query
from apps.alerts.domain.windows import Sample, Series, baseline_at, change, changes, increase, rate, vector
from tests.alerts.domain.build import at, query

WEB1 = label_set({"service": "web", "host": "1"})
WEB2 = label_set({"service": "web", "host": "2"})
JOBS = label_set({"service": "jobs", "host": "1"})
ALL, SERVICE_WEB, SERVICE_JOBS = (), label_set({"service": "web"}), label_set({"service": "jobs"})


@dataclass(frozen=True, slots=True)
class Exact:
    """A sketch that keeps every value; its quantile is the smallest value with that share at or below it."""

    values: tuple[float, ...]

    def quantile(self, q: float, /) -> float | None:
        rank = -(-q * len(self.values) // 1)
        return sorted(self.values)[max(int(rank), 1) - 1] if self.values else None


@dataclass(frozen=True, slots=True)
class Rollup:
    last_at: datetime
    count: int
    total: float
    minimum: float
    maximum: float
    last: float


def merged(sketches: Iterable[Exact]) -> Exact:
    return Exact(tuple(value for one in sketches for value in one.values))


def samples(*values: float) -> tuple[Sample, ...]:
    """One a minute."""
    return tuple(Sample(at(minute), value) for minute, value in enumerate(values))


def found(asked: Query, *series: Series, below: Sequence[Series] = ()) -> dict[Labels, float]:
    return vector(asked, series, below, merge=merged)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), None),
        ((7,), None),  # nobody knows when it got there
        ((7, 7), 0),
        ((7, 9, 15), 8),
        ((7, 9, 2, 5), 7),  # 2 more, then anew from 0 to 2, then 3 more
        ((7, 0, 0), 0),
        ((7, 3, 1), 4),
    ],
)
def test_a_counter_goes_up_and_begins_anew(values: tuple[float, ...], expected: float | None) -> None:
    assert increase(samples(*values)) == expected
    seconds = 60 * (len(values) - 1)
    assert rate(samples(*values)) == (None if expected is None else expected / seconds)


def test_two_samples_at_one_moment_have_no_rate() -> None:
    one = Sample(at(0), 1)
    assert rate([one, one]) is None


@given(st.lists(st.integers(0, 1_000), min_size=2), st.data())
def test_a_counter_that_begins_anew_loses_nothing(steps: list[int], data: st.DataObject) -> None:
    """Wherever it starts again from 0, as long as the next sample is lower, the increase is the sum of all steps."""
    counter = steps[0]
    values = [counter]
    expected = 0
    for one in steps[1:]:
        restarts = data.draw(st.booleans()) and one < counter
        counter = one if restarts else counter + one
        expected += one
        values.append(counter)
    assert increase(samples(*values)) == expected


ROLLUPS = (
    Rollup(at(0), count=4, total=10, minimum=1, maximum=5, last=2),
    Rollup(at(1), count=1, total=30, minimum=30, maximum=30, last=30),
)


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate.AVG, 8),  # 40 over 5, not the mean of 2.5 and 30
        (Aggregate.SUM, 40),
        (Aggregate.MIN, 1),
        (Aggregate.MAX, 30),
        (Aggregate.LAST, 30),
        (Aggregate.COUNT, 5),
        (Aggregate.INCREASE, 28),
        (Aggregate.RATE, 28 / 60),
    ],
)
def test_rollups_are_put_together(aggregate: Aggregate, expected: float) -> None:
    assert found(query(aggregate=aggregate), Series(WEB1, ROLLUPS)) == {WEB1: expected}
    assert found(query(aggregate=aggregate), Series(WEB1)) == {}
    assert found(query(aggregate=aggregate)) == {}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate.AVG, 5),  # (1 + 3 + 5 + 11) / 4
        (Aggregate.SUM, 20),
        (Aggregate.MIN, 1),
        (Aggregate.MAX, 11),
        (Aggregate.LAST, 14),  # 3 here and 11 there
        (Aggregate.COUNT, 4),
        (Aggregate.INCREASE, 8),
        (Aggregate.RATE, 8 / 60),
    ],
)
def test_series_are_put_together_by_labels(aggregate: Aggregate, expected: float) -> None:
    series = [Series(WEB1, samples(1, 3)), Series(WEB2, samples(5, 11)), Series(JOBS, samples(100, 200))]
    by_service = found(query(aggregate=aggregate, across=("service",)), *series)
    assert by_service[SERVICE_WEB] == pytest.approx(expected)
    assert by_service.keys() == {SERVICE_WEB, SERVICE_JOBS}
    assert found(query(aggregate=aggregate, across=()), *series).keys() == {ALL}
    assert found(query(aggregate=aggregate, across=("region",)), *series).keys() == {ALL}


def test_a_series_that_says_nothing_does_not_silence_its_group() -> None:
    assert found(query(aggregate=Aggregate.INCREASE, across=()), Series(WEB1, samples(1, 3)), Series(WEB2)) == {ALL: 2}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [(Aggregate.P50, 50), (Aggregate.P75, 75), (Aggregate.P90, 90), (Aggregate.P95, 95), (Aggregate.P99, 99)],
)
def test_percentiles_are_of_all_sketches_together(aggregate: Aggregate, expected: float) -> None:
    low, high = Exact(tuple(range(1, 51))), Exact(tuple(range(51, 101)))
    assert found(query(aggregate=aggregate), Series(WEB1, sketches=(low, high))) == {WEB1: expected}
    series = [Series(WEB1, sketches=(low,)), Series(WEB2, sketches=(high,)), Series(JOBS)]
    assert found(query(aggregate=aggregate, across=()), *series) == {ALL: expected}
    assert found(query(aggregate=aggregate), Series(WEB1), Series(WEB2, sketches=(Exact(()),))) == {}


RATIO = query(aggregate=Aggregate.RATIO, across=("service",), denominator=Denominator("all", minimum=20))


def test_a_ratio_is_of_the_increases() -> None:
    failed = [Series(WEB1, samples(1, 3)), Series(WEB2, samples(0, 1))]
    asked = [Series(WEB1, samples(100, 140)), Series(WEB2, samples(0, 20)), Series(JOBS, samples(5, 45))]
    assert found(RATIO, *failed, below=asked) == {SERVICE_WEB: 3 / 60, SERVICE_JOBS: 0}  # jobs never failed


@pytest.mark.parametrize(("asked", "known"), [(20, True), (19, False), (0, False)])
def test_a_ratio_of_too_little_is_none(asked: float, known: bool) -> None:
    failed, below = Series(WEB1, samples(0, 10)), Series(WEB1, samples(0, asked))
    assert bool(found(RATIO, failed, below=[below])) is known


def test_a_ratio_of_nothing_is_none_without_a_minimum_as_well() -> None:
    free = replace(RATIO, denominator=Denominator("all"))
    assert found(free, Series(WEB1, samples(0, 1)), below=[Series(WEB1, samples(7, 7))]) == {}
    assert found(free, Series(WEB1, samples(0, 1)), below=[Series(WEB1, samples(7))]) == {}
    assert found(free, Series(WEB1, samples(0, 1))) == {}


def test_not_a_number_is_no_value() -> None:
    assert found(query(), Series(WEB1, samples(float("nan"))), Series(WEB2, samples(float("inf")))) == {
        WEB2: float("inf")
    }


@pytest.mark.parametrize(
    ("now", "baseline", "minimum", "expected"),
    [
        (90, 100, 0, -10),
        (150, 100, 0, 50),
        (0, 100, 0, -100),
        (-150, -100, 0, -50),  # further down from below 0
        (90, 100, 100, -10),
        (90, 99, 100, None),  # too small a baseline says nothing
        (90, 0, 0, None),
    ],
)
def test_change_against_a_baseline(now: float, baseline: float, minimum: float, expected: float | None) -> None:
    assert change(now, baseline, minimum) == expected


def test_only_what_has_both_values_has_changed() -> None:
    assert changes({WEB1: 90, WEB2: 1, JOBS: 3}, {WEB1: 100, JOBS: 4}, minimum=50) == {WEB1: -10}


def test_the_window_to_compare_with() -> None:
    assert baseline_at(Baseline.PREVIOUS_WINDOW, 600, at(0)) == at(-10)
    assert baseline_at(Baseline.SAME_HOUR_LAST_WEEK, 600, at(0)) == at(0) - timedelta(days=7)
