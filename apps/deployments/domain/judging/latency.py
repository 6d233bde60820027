"""Is the canary slower than the baseline beside it: typically, by ranks, and where it is slowest, by the p95."""

import math
from collections.abc import Sequence

from apps.core.statistics.quantiles import quantile, quantile_ranks, quantile_ratio, top_test
from apps.core.statistics.ranks import hodges_lehmann
from apps.core.statistics.sequential import level_at

from . import wording
from .findings import Comparison, Finding, Metric, Verdict
from .policy import Look, MetricPolicy

MOST_RANKED, MOST_SORTED = 400, 2_000  # of each side; more tell little more and take long
FASTEST = 0.001  # ms: a faster answer counts as this, so that it can be divided by
P95 = 0.95
TOP = 0.25  # the slowest quarter, where values are too few for a p95

Latencies = Sequence[float]  # ms


def judge_typical(canary: Latencies, baseline: Latencies, look: Look, wanted: MetricPolicy) -> Finding:
    """The shift of the logarithms, so that it is a ratio, with its rank interval."""
    if lacking := _lacking(canary, baseline, wanted):
        return _finding(Metric.TYPICAL_LATENCY, wanted, Verdict.INCONCLUSIVE, f"Typical latency: {lacking}")
    ours, theirs = sorted(thinned(canary, MOST_RANKED)), sorted(thinned(baseline, MOST_RANKED))
    level = 2 * level_at(look.number, look.planned, wanted.level)
    shift, interval = hodges_lehmann(list(map(math.log, ours)), list(map(math.log, theirs)), level)
    found = Comparison(
        canary=quantile(ours, 0.5),
        baseline=quantile(theirs, 0.5),
        ratio=math.exp(shift),
        interval=interval.exponential,
    )
    told = f"Typical latency: median {_against(found)}"
    return _judged(Metric.TYPICAL_LATENCY, wanted, look, found, told)


def judge_slow(canary: Latencies, baseline: Latencies, look: Look, wanted: MetricPolicy) -> Finding:
    if lacking := _lacking(canary, baseline, wanted):
        return _finding(Metric.SLOW_LATENCY, wanted, Verdict.INCONCLUSIVE, f"Slow requests: {lacking}")
    level = level_at(look.number, look.planned, wanted.level)
    ours, theirs = sorted(thinned(canary, MOST_SORTED)), sorted(thinned(baseline, MOST_SORTED))
    ratio, interval = quantile_ratio(ours, theirs, P95, level)
    found = Comparison(canary=quantile(ours, P95), baseline=quantile(theirs, P95), ratio=ratio, interval=interval)
    told = f"Slow requests: p95 {_against(found)}"
    if quantile_ranks(len(theirs), P95, level)[1] <= len(theirs):
        return _judged(Metric.SLOW_LATENCY, wanted, look, found, told)
    bad, why = _top_heavy(ours, theirs, wanted.tolerated, level)
    verdict = Verdict.BAD if bad else Verdict.GOOD
    return _finding(Metric.SLOW_LATENCY, wanted, verdict, f"{told}; {why} at {look}.", found)


def _top_heavy(ours: Latencies, theirs: Latencies, tolerated: float, level: float) -> tuple[bool, str]:
    """Too few for the p95's interval: who holds the slowest quarter, the baseline slowed by what is tolerated."""
    chance = top_test(ours, [value * tolerated for value in theirs], TOP)
    how = "beyond chance" if chance <= level else "no more than chance explains"
    return chance <= level, f"the canary's part of the slowest quarter is {how} (p = {chance:.2g})"


def thinned(values: Latencies, most: int) -> Latencies:
    """Evenly, so that all the time counts alike."""
    step = len(values) / most if len(values) > most else 1
    return [max(values[int(place * step)], FASTEST) for place in range(min(len(values), most))]


def _judged(metric: Metric, wanted: MetricPolicy, look: Look, found: Comparison, told: str) -> Finding:
    tolerated = wording.times(wanted.tolerated)
    if found.interval.low > wanted.tolerated:
        return _finding(metric, wanted, Verdict.BAD, f"{told}, beyond the tolerated {tolerated} at {look}.", found)
    reason = f"{told}, not proven to be beyond the tolerated {tolerated} at {look}."
    return _finding(metric, wanted, Verdict.GOOD, reason, found)


def _against(found: Comparison) -> str:
    values = f"{wording.milliseconds(found.canary)} against {wording.milliseconds(found.baseline)}"
    return f"{values}: {wording.ratio(found.ratio or 0.0, found.interval, 'slow')}"


def _lacking(canary: Latencies, baseline: Latencies, wanted: MetricPolicy) -> str:
    if min(len(canary), len(baseline)) >= wanted.minimum:
        return ""
    if not canary and not baseline:
        return "no data from either slot."
    return f"too few latencies, {len(canary):,} and {len(baseline):,}; {wanted.minimum:,} are needed on each side."


def _finding(
    metric: Metric, wanted: MetricPolicy, verdict: Verdict, reason: str, found: Comparison | None = None
) -> Finding:
    return Finding(metric=metric, action=wanted.action, verdict=verdict, reason=reason, comparison=found)
