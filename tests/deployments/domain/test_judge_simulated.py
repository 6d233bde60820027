"""How often the judge is right, counted over simulated canaries: one look a minute, a twentieth of the traffic."""

import math
import random

import pytest

from apps.deployments.domain.judging.findings import Verdict
from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.policy import Look
from apps.deployments.domain.observations import Side
from tests.deployments.simulated import POLICY, Release, first_bad, ours, share_by
from tests.scale import scaled

CANARIES = scaled(short=50, long=5_000)
CANARIES_WITH_LATENCIES = scaled(short=3, long=100)
LOOKS = 60


def runs(release: Release, seed: int, looks: int = LOOKS) -> list[int | None]:
    chance = random.Random(seed)
    return [first_bad(release, chance, looks, ours)[0] for _ in range(CANARIES)]


def error(share: float, count: int = CANARIES) -> float:
    """Four standard errors."""
    return 4 * math.sqrt(share * (1 - share) / count)


@pytest.mark.prove
@pytest.mark.parametrize("share", [0.001, 0.01, 0.04])
def test_at_most_one_good_canary_in_a_hundred_is_called_bad(share: float) -> None:
    found = runs(Release(canary_errors=share, baseline_errors=share), seed=11)
    assert share_by(LOOKS, found) <= 0.01 + (error(0.01) if CANARIES < 1_000 else 0)


@pytest.mark.prove
def test_ten_times_the_errors_are_found_within_minutes() -> None:
    """0.1 % to 1 %, 60 requests a minute: in 65 % of the canaries by 10 minutes, in 99 % by 40."""
    found = runs(Release(canary_errors=0.01, baseline_errors=0.001), seed=12, looks=40)
    lenient = CANARIES < 1_000
    assert share_by(10, found) >= 0.65 - (error(0.65) if lenient else 0)
    assert share_by(40, found) >= 0.99 - (error(0.99) if lenient else 0)


@pytest.mark.prove
def test_a_tenth_of_failing_requests_is_found_before_the_error_trigger_could() -> None:
    found = runs(Release(canary_errors=0.1, baseline_errors=0.001), seed=13, looks=5)
    assert share_by(3, found) >= 0.99 - (error(0.99) if CANARIES < 1_000 else 0)


@pytest.mark.prove
def test_all_metrics_together_keep_the_false_alarms() -> None:
    """With latencies that differ in nothing: log-normal, heavy in the tail."""
    chance, alarms = random.Random(14), 0
    for _ in range(CANARIES_WITH_LATENCIES):
        canary, baseline = ([100 * chance.lognormvariate(0, 0.8) for _ in range(count * LOOKS)] for count in (60, 240))
        alarms += any(
            judge(
                Side(requests=60 * look, errors=0, latencies=canary[: 60 * look]),
                Side(requests=240 * look, errors=0, latencies=baseline[: 240 * look]),
                Look(look, LOOKS),
                POLICY,
            ).verdict
            is Verdict.BAD
            for look in range(1, LOOKS + 1)
        )
    assert alarms / CANARIES_WITH_LATENCIES <= 0.01
