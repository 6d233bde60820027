"""Shares and rates against published tables and R, and what holds for any counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.statistics.distributions import (
    beta_below,
    beta_quantile,
    binomial_tail,
    hypergeometric_tail,
    normal_quantile,
    normal_tail,
)
from apps.core.statistics.proportions import clopper_pearson, wilson
from apps.core.statistics.rates import Events, p_either, p_higher, rate_ratio_interval

COUNTS = st.integers(0, 500)
EXPOSURES = st.integers(1, 100_000)
LEVELS = st.floats(0.0001, 0.2)


@pytest.mark.parametrize(
    ("successes", "trials", "exact", "score"),
    [  # Newcombe, Statistics in Medicine 17, 1998, table I: methods 5 (Clopper-Pearson) and 3 (Wilson)
        (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),
        (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1684), (0.0, 0.1611)),
        (1, 29, (0.0009, 0.1776), (0.0061, 0.1718)),
    ],
)
def test_intervals_of_a_share_are_newcombes(
    successes: int, trials: int, exact: tuple[float, float], score: tuple[float, float]
) -> None:
    assert clopper_pearson(successes, trials, 0.05) == pytest.approx(exact, abs=5e-5)
    assert wilson(successes, trials, 0.05) == pytest.approx(score, abs=5e-5)


def test_the_exact_interval_is_that_of_rs_binom_test() -> None:
    assert clopper_pearson(682, 925, 0.05) == pytest.approx((0.7076683, 0.7654066), abs=1e-7)


def test_the_interval_of_a_rate_ratio_is_that_of_rs_poisson_test() -> None:
    """R's example: Fredericia against three other cities."""
    found = rate_ratio_interval(Events(11, 800), Events(6 + 8 + 7, 1083 + 1050 + 878), 0.05)
    assert found == pytest.approx((0.8584264, 4.2772659), abs=1e-7)


def test_a_split_of_events_by_hand() -> None:
    """All 4 events fall to the side with a twentieth of the traffic; 7 of 8 to one of two equal sides."""
    assert p_higher(Events(4, 60), Events(0, 1140)) == pytest.approx(0.05**4)
    assert p_higher(Events(7, 100), Events(1, 100)) == pytest.approx(9 / 256)
    assert p_either(Events(7, 100), Events(1, 100)) == pytest.approx(18 / 256)
    assert p_higher(Events(3, 100), Events(0, 100), ratio=3) == pytest.approx(0.75**3)


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 5), (3, 5), (5, 5), (17, 40), (300, 1000)])
def test_binomial_tails_are_their_sums(successes: int, trials: int) -> None:
    terms = (math.comb(trials, k) * 0.3**k * 0.7 ** (trials - k) for k in range(successes, trials + 1))
    assert binomial_tail(successes, trials, 0.3) == pytest.approx(math.fsum(terms), rel=1e-10)


def test_binomial_tails_hold_for_many_trials() -> None:
    """Twice the tail from the middle is 1 plus the middle's own probability."""
    middle = math.exp(math.lgamma(1e6 + 1) - 2 * math.lgamma(5e5 + 1) - 1e6 * math.log(2))
    assert 2 * binomial_tail(500_000, 1_000_000, 0.5) == pytest.approx(1 + middle, rel=1e-9)


def test_hypergeometric_tails_by_hand() -> None:
    """Two cards of five are hearts when ... : 13 of 52 are hearts, and all or none can be drawn."""
    assert hypergeometric_tail(5, 5, 13, 52) == pytest.approx(1287 / 2598960)
    assert hypergeometric_tail(1, 5, 13, 52) == pytest.approx(1 - math.comb(39, 5) / 2598960)
    assert hypergeometric_tail(0, 5, 13, 52) == 1.0


def test_normal_tails_far_out() -> None:
    """Abramowitz and Stegun, table 26.2: Q(5) and Q(10)."""
    assert normal_tail(5) == pytest.approx(2.8665157e-7, rel=1e-7)
    assert normal_tail(10) == pytest.approx(7.6198530e-24, rel=1e-7)
    assert normal_quantile(0.975) == pytest.approx(1.959963985, abs=1e-9)


@given(st.floats(0.0001, 0.9999), st.floats(0.5, 2_000), st.floats(0.5, 2_000))
def test_beta_quantiles_undo_beta_shares(share: float, a: float, b: float) -> None:
    assert beta_below(beta_quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-6)


@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES, LEVELS)
def test_swapping_sides_mirrors_and_an_interval_holds_the_estimate(
    count: int, exposure: int, other_count: int, other_exposure: int, level: float
) -> None:
    new, base = Events(count, exposure), Events(other_count, other_exposure)
    found, mirrored = rate_ratio_interval(new, base, level), rate_ratio_interval(base, new, level)
    assert found.low * mirrored.high == pytest.approx(1) or (found.low == 0 and mirrored.high == math.inf)
    assert found.low <= found.high
    if base.count:
        assert found.low <= new.rate / base.rate * (1 + 1e-9)
        assert found.high >= new.rate / base.rate * (1 - 1e-9)
    assert 0 <= p_higher(new, base) <= 1
    assert p_either(new, base) == p_either(base, new)


@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES)
def test_one_more_event_never_looks_less_bad(count: int, exposure: int, others: int, other_exposure: int) -> None:
    base = Events(others, other_exposure)
    more, fewer = Events(count + 1, exposure), Events(count, exposure)
    assert p_higher(more, base) <= p_higher(fewer, base) + 1e-12
    assert rate_ratio_interval(more, base, 0.01).low >= rate_ratio_interval(fewer, base, 0.01).low


@given(st.integers(0, 300), st.integers(1, 300), LEVELS)
def test_intervals_of_a_share_hold_it_and_mirror(successes: int, trials: int, level: float) -> None:
    successes = min(successes, trials)
    for method in (clopper_pearson, wilson):
        low, high = method(successes, trials, level)
        assert 0 <= low <= successes / trials + 1e-12
        assert successes / trials - 1e-12 <= high <= 1
        assert method(trials - successes, trials, level) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("wrong", [lambda: Events(-1, 10), lambda: Events(1, 0), lambda: wilson(3, 2, 0.05)])
def test_what_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"cannot be|no share"):
        wrong()  # type: ignore[operator]


def test_confidence_is_no_level() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        clopper_pearson(1, 2, 95)
