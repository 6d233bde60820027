"""Does the canary fail more often than the baseline beside it: pooled counts, exactly, at any number of looks."""

import math

from apps.core.statistics.rates import Events
from apps.core.statistics.sequential import rate_ratio_sequence
from apps.deployments.domain.observations import Side

from . import wording
from .findings import Comparison, Finding, Metric, Verdict
from .policy import Look, MetricPolicy, Policy


def judge_errors(canary: Side, baseline: Side, look: Look, policy: Policy) -> Finding:
    wanted = policy.errors
    if min(canary.requests, baseline.requests) < wanted.minimum:
        return _finding(wanted, Verdict.INCONCLUSIVE, _too_few(canary, baseline, wanted.minimum))
    found = compare_errors(canary, baseline, wanted.level)
    told = f"Errors: {wording.failures(canary)} against {wording.failures(baseline, noun=False)}{_times(found)}"
    if found.interval.low <= wanted.tolerated:
        return _finding(wanted, Verdict.GOOD, f"{told}, no more than chance explains at {look}.", found)
    if found.canary - found.baseline < policy.least_difference:
        return _finding(wanted, Verdict.GOOD, f"{told}, beyond chance at {look} but too few to matter.", found)
    return _finding(wanted, Verdict.BAD, f"{told}, beyond chance at {look}.", found)


def compare_errors(canary: Side, baseline: Side, level: float) -> Comparison:
    """With requests on both sides. The interval holds at all looks together."""
    new, base = Events(canary.errors, canary.requests), Events(baseline.errors, baseline.requests)
    return Comparison(
        canary=new.rate,
        baseline=base.rate,
        ratio=new.rate / base.rate if base.count else (math.inf if new.count else None),
        interval=rate_ratio_sequence(new, base, level),
    )


def _times(found: Comparison) -> str:
    if found.ratio is None or (found.ratio == math.inf and not found.interval.low):
        return ""
    return f": {wording.ratio(found.ratio, found.interval, 'many')}"


def _too_few(canary: Side, baseline: Side, minimum: int) -> str:
    if not canary.requests and not baseline.requests:
        return "Errors: no data, neither slot has had requests."
    if not canary.requests or not baseline.requests:
        return f"Errors: no data, the {'baseline' if canary.requests else 'canary'} has had no requests."
    return (
        f"Errors: too few requests, {canary.requests:,} and {baseline.requests:,}; {minimum:,} are needed on each side."
    )


def _finding(wanted: MetricPolicy, verdict: Verdict, reason: str, found: Comparison | None = None) -> Finding:
    return Finding(metric=Metric.ERRORS, action=wanted.action, verdict=verdict, reason=reason, comparison=found)
