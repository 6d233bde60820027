"""Looking again and again: hand arithmetic, what holds for any counts, and false alarms counted."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.statistics.rates import Events, rate_ratio_interval
from apps.core.statistics.sequential import level_at, log_evidence, mixture, rate_ratio_sequence
from tests.scale import scaled

COUNTS = st.integers(0, 300)
EXPOSURES = st.integers(1, 100_000)
LEVELS = st.sampled_from([0.001, 0.007, 0.05])


def test_the_bet_is_spread_over_ratios_once() -> None:
    assert math.fsum(weight for _, weight in mixture()) == pytest.approx(1)
    assert [mixture()[0][0], mixture()[-1][0]] == pytest.approx([1.25, 50])


def test_evidence_of_one_event_by_hand() -> None:
    """Equal sides: an event on the new one is worth r / (1 + r) over 1 / 2, on the other one 1 / (1 + r) over 1 / 2."""
    worth = math.fsum(weight * 2 * ratio / (1 + ratio) for ratio, weight in mixture())
    assert math.exp(log_evidence(Events(1, 10), Events(0, 10))) == pytest.approx(worth)
    other = math.fsum(weight * 2 / (1 + ratio) for ratio, weight in mixture())
    assert math.exp(log_evidence(Events(0, 10), Events(1, 10))) == pytest.approx(other)


def test_a_fair_bet_is_worth_1_on_average() -> None:
    """With a true ratio of 3, over all ways in which 12 events may split: what makes it valid at any time."""
    share = 3 * 100 / (3 * 100 + 700)
    expected = math.fsum(
        math.comb(12, k)
        * share**k
        * (1 - share) ** (12 - k)
        * math.exp(log_evidence(Events(k, 100), Events(12 - k, 700), 3))
        for k in range(13)
    )
    assert expected == pytest.approx(1)


@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES, LEVELS)
def test_swapping_sides_mirrors_and_the_interval_holds_the_estimate(
    count: int, exposure: int, others: int, other_exposure: int, level: float
) -> None:
    new, base = Events(count, exposure), Events(others, other_exposure)
    found, mirrored = rate_ratio_sequence(new, base, level), rate_ratio_sequence(base, new, level)
    if mirrored.high < math.inf:
        assert found.low * mirrored.high == pytest.approx(1, rel=1e-6)
    else:
        assert found.low == 0
    assert found.low <= found.high
    if count and others:
        assert found.low <= new.rate / base.rate <= found.high


@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES, LEVELS)
def test_one_more_event_never_looks_less_bad(
    count: int, exposure: int, others: int, other_exposure: int, level: float
) -> None:
    base = Events(others, other_exposure)
    more, fewer = (rate_ratio_sequence(Events(each, exposure), base, level) for each in (count + 1, count))
    assert more.low >= fewer.low
    assert more.high >= fewer.high


@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES)
def test_looking_always_costs_something(count: int, exposure: int, others: int, other_exposure: int) -> None:
    """The interval that holds at all looks starts lower than the exact one of a single look."""
    new, base = Events(count, exposure), Events(others, other_exposure)
    assert rate_ratio_sequence(new, base, 0.01).low <= rate_ratio_interval(new, base, 0.02).low * (1 + 1e-6)


@given(st.integers(1, 500), st.integers(0, 5_000), st.floats(0.001, 0.2))
def test_looks_together_spend_at_most_the_level(planned: int, late: int, level: float) -> None:
    spent = math.fsum(level_at(look, planned, level) for look in range(1, planned + late + 1))
    assert spent <= level * (1 + 1e-9)
    assert spent >= level * 0.9 * (1 - 1e-9)


@pytest.mark.prove
@pytest.mark.parametrize(("rate", "seed"), [(0.002, 1), (0.05, 2)])
def test_false_alarms_stay_below_the_level_over_many_looks(rate: float, seed: int) -> None:
    """A tenth of the traffic against the rest, nothing differs, 60 looks at 5 %; within 4 standard errors."""
    chance, runs, alarms = random.Random(seed), scaled(short=150, long=5_000), 0
    for _ in range(runs):
        new = base = 0
        for look in range(1, 61):
            new += sum(chance.random() < rate for _ in range(20))
            base += sum(chance.random() < rate for _ in range(180))
            if log_evidence(Events(new, 20 * look), Events(base, 180 * look)) > -math.log(0.05):
                alarms += 1
                break
    assert alarms / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
