"""The token bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain.rate import TokenBucket


def test_a_full_bucket_serves_a_burst_and_then_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=2.0, burst=3.0, tokens=3.0, at=100.0)
    assert [bucket.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_waiting_as_told_is_enough() -> None:
    bucket = TokenBucket(rate=2.0, burst=1.0, tokens=0.25, at=0.0)
    wait = bucket.take(0.0)
    assert wait == pytest.approx(0.375)
    assert bucket.take(wait) == 0.0


def test_it_never_holds_more_than_a_burst() -> None:
    bucket = TokenBucket(rate=10.0, burst=2.0, tokens=0.0, at=0.0)
    assert [bucket.take(3_600.0) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_refused_request_costs_nothing() -> None:
    bucket = TokenBucket(rate=1.0, burst=1.0, tokens=0.0, at=0.0)
    assert [bucket.take(0.5) for _ in range(3)] == [0.5, 0.5, 0.5]


@given(
    st.floats(0.5, 1_000),
    st.floats(1, 100),
    st.lists(st.floats(0, 5), min_size=1, max_size=50),
)
def test_never_more_pass_than_burst_and_rate_allow(rate: float, burst: float, pauses: list[float]) -> None:
    bucket = TokenBucket(rate=rate, burst=burst, tokens=burst, at=0.0)
    at, passed = 0.0, 0
    for pause in pauses:
        at += pause
        passed += bucket.take(at) == 0.0
    assert passed <= burst + rate * at + 1e-6
