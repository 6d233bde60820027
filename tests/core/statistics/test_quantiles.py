"""Quantiles against tables and hand arithmetic; how often their intervals miss, by simulation."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.statistics.quantiles import quantile, quantile_interval, quantile_ranks, quantile_ratio, top_test
from tests.scale import scaled

SAMPLES = st.lists(st.floats(0.01, 1e5), min_size=1, max_size=200)


def test_a_quantile_is_the_value_at_the_nearest_rank() -> None:
    assert quantile(list(range(1, 101)), 0.95) == 95
    assert quantile([1, 2, 3, 4], 0.5) == 2
    assert quantile([7], 0.95) == 7


@pytest.mark.parametrize(
    ("count", "ranks"),
    [  # Conover, Practical Nonparametric Statistics: sign-test intervals of a median; half of 5 % on each side
        (6, (1, 6)),
        (10, (2, 9)),
        (20, (6, 15)),
        (5, (0, 6)),  # 2 / 2^5 is more than 5 %: none
    ],
)
def test_the_ranks_around_a_median_are_those_of_the_sign_test(count: int, ranks: tuple[int, int]) -> None:
    assert quantile_ranks(count, 0.5, 0.025) == ranks


def test_59_values_bound_the_95th_percentile() -> None:
    """Wilks, Ann. Math. Stat. 12, 1941: the largest of 59 exceeds it with 95 % confidence, of 58 it does not."""
    assert quantile_ranks(59, 0.95, 0.05)[1] == 59
    assert quantile_interval(sorted(range(58)), 0.95, 0.05).high == math.inf


def test_the_ratio_by_hand() -> None:
    """1 to 100 and twice that: P(B <= 89) is 1.1 %, P(B <= 90) 2.8 %, P(B >= 99) 3.7 %, P(B >= 100) 0.6 %."""
    base = [float(n) for n in range(1, 101)]
    assert quantile_interval(base, 0.95, 0.025) == (90, 100)
    ratio, interval = quantile_ratio([2 * n for n in base], base, 0.95, 0.025)
    assert ratio == pytest.approx(2)
    low, high = math.log(95 / 90), math.log(100 / 95)
    assert interval == pytest.approx((2 * math.exp(-math.hypot(low, high)), 2 * math.exp(math.hypot(low, high))))


def test_the_top_by_hand() -> None:
    """15 against 15, the 7 highest all on one side: C(15, 7) of C(30, 7) ways. Kayenta's issue 780."""
    varied = [1.0, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17]
    steady = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7]
    assert top_test(varied, steady, 0.25) == pytest.approx(6435 / 2035800)
    assert top_test(steady, varied, 0.25) == 1


def test_ties_at_the_limit_all_belong_to_the_top() -> None:
    """7 values of 100 against tens of 1, the issue spinnaker#6278: 7 of 7 by C(10, 7) of C(20, 7) ways."""
    assert top_test([100.0] * 7 + [1.0] * 3, [1.0] * 10, 0.25) == pytest.approx(120 / 77520)


@given(SAMPLES, SAMPLES, st.floats(0.001, 0.2))
def test_swapping_samples_mirrors_and_the_interval_holds_the_estimate(
    new: list[float], base: list[float], level: float
) -> None:
    new, base = sorted(new), sorted(base)
    (ratio, interval), (inverse, mirrored) = (quantile_ratio(*pair, 0.95, level) for pair in ((new, base), (base, new)))
    assert ratio * inverse == pytest.approx(1)
    assert interval.low <= ratio * (1 + 1e-9)
    assert interval.high >= ratio * (1 - 1e-9)
    assert 1 / interval.low == pytest.approx(mirrored.high) if interval.low else mirrored.high == math.inf
    assert 0 <= top_test(new, base, 0.25) <= 1


@pytest.mark.prove
def test_intervals_of_a_ratio_miss_it_as_rarely_as_they_say() -> None:
    """Exponential values, 150 against 400, 5 % on each side; within 4 standard errors of that."""
    chance, runs = random.Random(5), scaled(short=800, long=20_000)
    below = above = 0
    for _ in range(runs):
        new = sorted(2 * chance.expovariate(1) for _ in range(150))
        base = sorted(chance.expovariate(1) for _ in range(400))
        _, interval = quantile_ratio(new, base, 0.95, 0.05)
        below += interval.high < 2
        above += interval.low > 2
    limit = 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
    assert below / runs < limit
    assert above / runs < limit
    assert (below + above) / runs > 0.02  # nor are they far too wide
