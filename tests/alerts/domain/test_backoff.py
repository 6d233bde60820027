"""How long a delivery waits after each failure, and when it is given up."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.domain.backoff import STANDARD, Backoff, delay_seconds, next_attempt_at
from tests.alerts.domain.build import at

PLAIN = Backoff(base_seconds=8, longest_seconds=60, shortest_seconds=0, horizon_seconds=600)


@pytest.mark.parametrize(("attempts", "ceiling"), [(1, 8), (2, 16), (3, 32), (4, 60), (5, 60), (5_000, 60)])
def test_the_wait_is_spread_over_all_of_a_ceiling_that_doubles(attempts: int, ceiling: float) -> None:
    waits = [delay_seconds(PLAIN, attempts, seed) for seed in range(2_000)]
    assert 0 <= min(waits) < ceiling * 0.01
    assert ceiling * 0.99 < max(waits) < ceiling
    assert fmean(waits) == pytest.approx(ceiling / 2, rel=0.065)  # five standard errors


def test_the_same_numbers_give_the_same_wait_and_others_another() -> None:
    assert delay_seconds(PLAIN, 3, 7) == delay_seconds(PLAIN, 3, 7)
    assert len({delay_seconds(PLAIN, 3, seed) for seed in range(100)}) == 100
    assert delay_seconds(PLAIN, 4, 7) / 60 != delay_seconds(PLAIN, 5, 7) / 60


@given(st.integers(1, 1_000), st.integers())
def test_no_wait_is_shorter_than_the_shortest(attempts: int, seed: int) -> None:
    assert 1 <= delay_seconds(STANDARD, attempts, seed) <= 3_600


def test_it_is_given_up_at_the_horizon() -> None:
    def after(minutes: float) -> object:
        return next_attempt_at(PLAIN, first_at=at(0), attempts=1, seed=1, at=at(minutes))

    wait = delay_seconds(PLAIN, 1, 1)
    assert after(0) == at(wait / 60)
    assert after(9.8) == at(9.8 + wait / 60)
    assert after(10 - wait / 60 + 0.001) is None
    assert after(11) is None


def test_a_server_that_asks_for_more_time_gets_it_up_to_the_horizon() -> None:
    assert next_attempt_at(PLAIN, first_at=at(0), attempts=1, seed=1, at=at(1), asked_seconds=120) == at(3)
    assert next_attempt_at(PLAIN, first_at=at(0), attempts=1, seed=1, at=at(1), asked_seconds=541) is None


@given(st.integers())
def test_the_standard_tries_often_enough_and_ends_after_a_day(seed: int) -> None:
    now, tries = at(0), 1
    while (following := next_attempt_at(STANDARD, first_at=at(0), attempts=tries, seed=seed, at=now)) is not None:
        assert following > now
        now, tries = following, tries + 1
    assert now <= at(24 * 60)
    assert 25 <= tries <= 150
