"""The judge: each verdict with its numbers, and what is nobody's fault."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.judging.findings import Action, Finding, Judgement, Metric, Verdict
from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.latency import judge_slow, judge_typical
from apps.deployments.domain.judging.policy import Look, MetricPolicy, Policy
from apps.deployments.domain.observations import Side

POLICY, LOOK = Policy(), Look(7, 60)
ONCE = Look(1, 1)
COUNTED = st.integers(50, 2_000)
SHARES = st.floats(0, 1)


def errors(canary: tuple[int, int], baseline: tuple[int, int], look: Look = LOOK, policy: Policy = POLICY) -> Finding:
    """Both as (errors, requests)."""
    ours, theirs = (Side(requests=requests, errors=count) for count, requests in (canary, baseline))
    return judge(ours, theirs, look, policy).findings[0]


def latencies(count: int, median: float, seed: int) -> list[float]:
    chance = random.Random(seed)
    return [median * chance.lognormvariate(0, 0.4) for _ in range(count)]


def good(requests: int, seed: int = 1, **other: int) -> Side:
    return Side(requests=requests, errors=other.get("errors", 0), latencies=latencies(400, 100, seed))


def test_errors_that_chance_does_not_explain_are_bad_and_told_with_all_numbers() -> None:
    found = errors((31, 1_204), (12, 22_810))
    assert found.verdict is Verdict.BAD
    assert found.reason == (
        "Errors: 31 of 1,204 requests (2.57 %) against 12 of 22,810 (0.0526 %): "
        "49 times as many (16 to 189 times), beyond chance at look 7 of 60."
    )


@pytest.mark.parametrize(
    ("canary", "baseline", "verdict", "words"),
    [
        (
            (4, 360),
            (0, 6_840),
            Verdict.BAD,
            "4 of 360 requests (1.11 %) against none of 6,840: at least 4.87 times as many",
        ),
        ((1, 600), (11, 11_400), Verdict.GOOD, "11 of 11,400 (0.0965 %): 1.73 times as many (at most"),
        (
            (0, 600),
            (0, 11_400),
            Verdict.GOOD,
            "none of 600 requests against none of 11,400, no more than chance explains",
        ),
        ((0, 600), (110, 11_400), Verdict.GOOD, "0 times as many (at most"),
        ((0, 49), (0, 11_400), Verdict.INCONCLUSIVE, "too few requests, 49 and 11,400; 50 are needed on each side"),
        ((9, 50), (0, 49), Verdict.INCONCLUSIVE, "too few requests, 50 and 49"),
        ((0, 0), (0, 11_400), Verdict.INCONCLUSIVE, "no data, the canary has had no requests"),
        ((0, 60), (0, 0), Verdict.INCONCLUSIVE, "no data, the baseline has had no requests"),
        ((0, 0), (0, 0), Verdict.INCONCLUSIVE, "no data, neither slot has had requests"),
    ],
)
def test_verdicts_on_errors(canary: tuple[int, int], baseline: tuple[int, int], verdict: Verdict, words: str) -> None:
    found = errors(canary, baseline)
    assert found.verdict is verdict
    assert words in found.reason


def test_a_difference_that_is_certain_but_tiny_does_not_matter() -> None:
    """0.03 % against 0.01 % of millions."""
    found = errors((3_000, 10_000_000), (1_000, 10_000_000))
    assert found.verdict is Verdict.GOOD
    assert "beyond chance at look 7 of 60 but too few to matter" in found.reason
    strict = replace(POLICY, least_difference=0.0001)
    assert errors((3_000, 10_000_000), (1_000, 10_000_000), policy=strict).verdict is Verdict.BAD


def test_where_both_slots_fail_it_is_not_the_releases_fault() -> None:
    """A database outage, first met by the canary: it fails far more often, and would be bad without the other."""
    slow = replace(good(360, errors=200), latencies=latencies(400, 900, 1))
    judged = judge(slow, good(6_840, errors=400, seed=2), LOOK, POLICY)
    assert (judged.verdict, judged.action) == (Verdict.INCONCLUSIVE, Action.PAUSE)
    assert judged.reason == (
        "Both slots fail, 55.6 % of the canary's requests and 5.85 % of the baseline's (more than 5 %): "
        "that is not the release's fault."
    )
    alone = judge(slow, good(6_840, errors=342, seed=2), LOOK, POLICY)  # 5 % is not more than 5 %
    assert alone.action is Action.ROLL_BACK


def test_a_canary_that_mends_what_fails_is_good() -> None:
    judged = judge(good(360), good(6_840, errors=700, seed=2), LOOK, POLICY)
    assert (judged.verdict, judged.action) == (Verdict.GOOD, None)


def test_slower_answers_are_bad_by_rank_and_where_they_are_slowest() -> None:
    judged = judge(Side(requests=400, errors=0, latencies=latencies(400, 200, 1)), good(6_840, seed=2), LOOK, POLICY)
    assert judged.verdict is Verdict.BAD
    _, typical, slow = judged.findings
    assert typical.comparison is not None
    assert slow.comparison is not None
    for finding, found in ((typical, typical.comparison), (slow, slow.comparison)):
        assert finding.verdict is Verdict.BAD
        assert found.interval.low > 1.25
        assert found.interval.holds(2)
    assert typical.reason.startswith("Typical latency: median ")
    assert typical.reason.endswith(" times), beyond the tolerated 1.1 times at look 7 of 60.")
    assert slow.reason.endswith(" times), beyond the tolerated 1.25 times at look 7 of 60.")


def test_only_the_tail_is_worse() -> None:
    """One in ten answers takes ten times as long: the median hardly moves."""
    canary = [value * (10 if place % 10 == 0 else 1) for place, value in enumerate(latencies(600, 100, 1))]
    _, typical, slow = judge(Side(requests=600, errors=0, latencies=canary), good(9_000, seed=2), LOOK, POLICY).findings
    assert typical.verdict is Verdict.GOOD
    assert slow.verdict is Verdict.BAD


def test_what_is_tolerated_is_not_bad() -> None:
    tolerant = MetricPolicy(tolerated=2.5, level=0.0015)
    for judged in (judge_typical, judge_slow):
        found = judged(latencies(400, 200, 1), latencies(400, 100, 2), LOOK, tolerant)
        assert found.verdict is Verdict.GOOD
        assert "not proven to be beyond the tolerated 2.5 times" in found.reason


@pytest.mark.parametrize("judged", [judge_typical, judge_slow])
def test_few_latencies_are_inconclusive(judged: object) -> None:
    wanted = POLICY.slow_latency
    few = judged([1.0] * 49, [1.0] * 9_000, LOOK, wanted)  # type: ignore[operator]
    assert (few.verdict, few.comparison) == (Verdict.INCONCLUSIVE, None)
    assert "too few latencies, 49 and 9,000; 50 are needed on each side" in few.reason
    assert "no data from either slot" in judged([], [], LOOK, wanted).reason  # type: ignore[operator]


def finding(verdict: Verdict, action: Action, reason: str = "So.") -> Finding:
    return Finding(metric=Metric.ERRORS, action=action, verdict=verdict, reason=reason)


@pytest.mark.parametrize(
    ("findings", "verdict", "action"),
    [
        ([], Verdict.GOOD, None),
        ([(Verdict.GOOD, Action.ROLL_BACK), (Verdict.BAD, Action.IGNORE)], Verdict.GOOD, None),
        ([(Verdict.INCONCLUSIVE, Action.IGNORE)], Verdict.GOOD, None),
        (
            [(Verdict.GOOD, Action.ROLL_BACK), (Verdict.INCONCLUSIVE, Action.ROLL_BACK)],
            Verdict.INCONCLUSIVE,
            Action.PAUSE,
        ),
        ([(Verdict.BAD, Action.PAUSE), (Verdict.INCONCLUSIVE, Action.ROLL_BACK)], Verdict.BAD, Action.PAUSE),
        ([(Verdict.BAD, Action.PAUSE), (Verdict.BAD, Action.ROLL_BACK)], Verdict.BAD, Action.ROLL_BACK),
    ],
)
def test_the_worst_metric_that_is_no_dry_run_decides(
    findings: list[tuple[Verdict, Action]], verdict: Verdict, action: Action | None
) -> None:
    judged = Judgement([finding(*each) for each in findings])
    assert (judged.verdict, judged.action) == (verdict, action)


def test_the_reason_is_that_of_the_deciding_metrics() -> None:
    judged = Judgement(
        [
            finding(Verdict.BAD, Action.PAUSE, "One."),
            finding(Verdict.GOOD, Action.PAUSE, "Two."),
            finding(Verdict.BAD, Action.ROLL_BACK, "Three."),
            finding(Verdict.BAD, Action.IGNORE, "Four."),
        ]
    )
    assert judged.reason == "One. Three."


@given(COUNTED, SHARES, COUNTED, SHARES, st.integers(0, 50))
def test_more_errors_never_make_it_better(
    requests: int, share: float, others: int, other_share: float, more: int
) -> None:
    """As long as the baseline does not fail itself: then nothing is the release's fault."""
    order = [Verdict.GOOD, Verdict.BAD]
    count, other_count = round(share * requests), int(other_share * others * 0.05)
    fewer = errors((count, requests), (other_count, others)).verdict
    worse = errors((min(count + more, requests), requests), (other_count, others)).verdict
    assert order.index(worse) >= order.index(fewer)


@given(COUNTED, SHARES, COUNTED, SHARES)
def test_never_are_both_sides_worse_than_the_other(requests: int, share: float, others: int, other: float) -> None:
    one, two = (round(share * requests), requests), (round(other * others), others)
    assert Verdict.BAD not in {errors(one, two).verdict} & {errors(two, one).verdict}


def test_sides_and_looks_that_cannot_be_are_refused() -> None:
    for wrong in ({"requests": 1, "errors": 2}, {"requests": 1, "errors": 0, "latencies": [float("nan")]}):
        with pytest.raises(ValueError, match=r"cannot be|finite"):
            Side(**wrong)
    with pytest.raises(ValueError, match="cannot be"):
        Look(0, 60)
    with pytest.raises(ValueError, match="tolerates"):
        MetricPolicy(tolerated=0.9, level=0.01)
