"""Rank tests against scipy's and R's published values, shifts against all differences made one by one."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.statistics.ranks import hodges_lehmann, mann_whitney

VALUES = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e6, 1e6))
SAMPLES = st.lists(VALUES, min_size=1, max_size=40)

# Kayenta's MannWhitneySuite and WilcoxTests tie out with R on these.
FIFTEEN_NEW = [0, 20.95, 30.5666666666667, 31.4, 32.1166666666667, 31.9833333333334, 31.1833333333334, 32.35, 33.25]
FIFTEEN_NEW += [32.8000000000001, 34.5166666666667, 33.4166666666667, 35.8833333333334, 35.0666666666667, 33.9]
FIFTEEN_BASE = [0, 21.9000000000001, 30.2833333333334, 29.45, 32.1, 31.1166666666667, 33.5, 32.1166666666667, 32.7]
FIFTEEN_BASE += [33.85, 32.6833333333334, 33.5166666666667, 33.6, 34.3, 33.05]


def test_the_rank_test_is_scipys() -> None:
    """scipy.stats.mannwhitneyu's documentation, method="asymptotic"."""
    found = mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])
    assert found.u == 17
    assert found.p_either == pytest.approx(0.11134688653314041, rel=1e-12)
    assert found.superiority == pytest.approx(0.85)


def test_the_rank_test_is_rs() -> None:
    """wilcox.test(exact = FALSE), as Apache Commons' and ClickHouse's tests have it; the second one has ties."""
    new, base = [2.0, 4, 6, 8, 10, 12, 14, 15, 16, 17, 18], [1.0, 3, 5, 7, 9, 11, 13, 19, 20]
    assert mann_whitney(new, base).u == 56
    assert mann_whitney(new, base).p_either == pytest.approx(0.648503379652976, rel=1e-12)
    one = [310.0, 195, 530, 155, 530, 245, 385, 450, 465, 545, 170, 180, 125, 180, 230, 75, 430, 480, 495, 295]
    other = [116.0, 171, 176, 421, 111, 326, 481, 111, 346, 441, 261, 411, 206, 521, 456, 446, 296, 51, 426, 261]
    assert mann_whitney(one, other).u == 223
    assert mann_whitney(one, other).p_either == pytest.approx(0.5426959774289482, rel=1e-12)


def test_the_correction_for_ties_by_hand() -> None:
    """Tied in threes, so the variance is 9/12 (7 - 48/30) = 4.05; U is 3, the middle 4.5."""
    found = mann_whitney([1, 1, 2], [1, 2, 2])
    assert found.u == 3
    assert found.p_lower == pytest.approx(statistics.NormalDist().cdf(-1 / math.sqrt(4.05)))


def test_shifts_are_those_of_r() -> None:
    assert hodges_lehmann([10, 20, 30, 40], [1, 2, 3, 4], 0.05) == (22.5, (6, 39))
    _, interval = hodges_lehmann(FIFTEEN_NEW, FIFTEEN_BASE, 0.01)
    assert interval == pytest.approx((-1.866663, 2.899996), abs=1e-4)


def test_one_value_throughout_differs_from_nothing() -> None:
    assert mann_whitney([5] * 9, [5] * 7).p_either == 1
    assert hodges_lehmann([5] * 9, [5] * 7, 0.05) == (0, (0, 0))


def test_too_few_values_exclude_no_shift() -> None:
    assert hodges_lehmann([1, 2], [3], 0.05) == (-1.5, (-math.inf, math.inf))


@given(SAMPLES, SAMPLES)
def test_the_estimate_is_the_median_of_all_differences(new: list[float], base: list[float]) -> None:
    estimate, interval = hodges_lehmann(new, base, 0.05)
    assert estimate == pytest.approx(statistics.median(x - y for x in new for y in base), abs=1e-6)
    assert interval.low <= estimate <= interval.high


@given(SAMPLES, SAMPLES)
def test_swapping_samples_mirrors(new: list[float], base: list[float]) -> None:
    there, back = mann_whitney(new, base), mann_whitney(base, new)
    assert there.p_higher == pytest.approx(back.p_lower)
    assert there.u + back.u == there.pairs
    assert 0 <= min(there.p_higher, there.p_lower, there.p_either) <= max(there.p_higher, there.p_lower) <= 1
    (shift, interval), (unshift, mirrored) = hodges_lehmann(new, base, 0.02), hodges_lehmann(base, new, 0.02)
    assert shift == pytest.approx(-unshift, abs=1e-6)
    assert interval == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-6)


@given(SAMPLES, SAMPLES, st.floats(0.1, 100))
def test_higher_values_never_look_less_high(new: list[float], base: list[float], more: float) -> None:
    moved = [value + more for value in new]
    assert mann_whitney(moved, base).u >= mann_whitney(new, base).u
    assert hodges_lehmann(moved, base, 0.05)[0] >= hodges_lehmann(new, base, 0.05)[0]


def test_samples_need_values() -> None:
    with pytest.raises(ValueError, match="need values"):
        mann_whitney([], [1.0])
