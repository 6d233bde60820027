"""What Kayenta's judge (tolerance 0.25, confidence 0.98) passes and its users say should fail.

They published values by interval, judged once. Their errors come without requests: here the canary has a twentieth of
the traffic.
"""

import pytest

from apps.deployments.domain.judging.findings import Verdict
from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.latency import judge_slow
from apps.deployments.domain.judging.policy import Look, MetricPolicy, Policy
from apps.deployments.domain.observations import Side
from tests.deployments.kayenta import interval_low_and_estimate, is_high

ONCE = Look(1, 1)
MIXED, ONES = [100.0] * 7 + [1.0] * 3, [1.0] * 10
VARIED = [1.0, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17]
STEADY = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7]


def test_the_judge_to_compare_with_is_kayentas() -> None:
    """spinnaker#6278 prints what its debugger showed, and says that an eighth value of 100 would fail."""
    low, estimate = interval_low_and_estimate(MIXED, ONES)
    assert low == pytest.approx(6.825022991538781e-5, rel=1e-12)
    assert estimate == pytest.approx(98.99992904170193, rel=1e-14)
    assert is_high([100.0] * 8 + [1.0] * 2, ONES)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([0, 1, 2, 1, 0, 0], id="kayenta 426"),
        pytest.param([*[1, 0, 0, 0, 0, 2, 0, 0, 0, 0] * 2, 1, 0, 0, 0, 0], id="kayenta 799"),
    ],
)
def test_sparse_errors(counts: list[int]) -> None:
    assert not is_high(counts, [0] * len(counts))
    canary = Side(requests=60 * len(counts), errors=sum(counts))
    baseline = Side(requests=1_140 * len(counts), errors=0)
    for look in (ONCE, Look(len(counts), 60)):
        assert judge(canary, baseline, look, Policy()).findings[0].verdict is Verdict.BAD


def test_four_errors_against_none_are_chance_where_both_sides_have_as_many_requests() -> None:
    """A coin falls on one side four times in a row once in 16: kayenta#426 alone proves nothing then."""
    judged = judge(Side(requests=360, errors=4), Side(requests=360, errors=0), ONCE, Policy())
    assert judged.findings[0].verdict is Verdict.GOOD


def test_seven_values_of_ten_a_hundred_times_as_high() -> None:
    """spinnaker#6278."""
    assert not is_high(MIXED, ONES)
    found = judge_slow(MIXED, ONES, ONCE, MetricPolicy(minimum=10, tolerated=1.25, level=0.01))
    assert found.verdict is Verdict.BAD
    assert "100 ms against 1 ms" in found.reason
    assert "the slowest quarter is beyond chance (p = 0.0015) at look 1 of 1" in found.reason  # C(10, 7) / C(20, 7)


def test_more_variability() -> None:
    """kayenta#780, case 1. The varied values are the canary's, as the title says; its code has them as control."""
    wanted = MetricPolicy(minimum=15, tolerated=1.25, level=0.01)
    assert not is_high(VARIED, STEADY)
    assert not is_high(STEADY, VARIED)
    assert judge_slow(VARIED, STEADY, ONCE, wanted).verdict is Verdict.BAD
    assert judge_slow(STEADY, VARIED, ONCE, wanted).verdict is Verdict.GOOD
