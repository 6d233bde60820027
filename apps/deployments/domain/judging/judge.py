"""One look at a step: the canary against the slot that carries the rest at the same time. How: docs/judge.md."""

from dataclasses import replace

from apps.core.domain.units import Unit, in_words
from apps.deployments.domain.observations import Side

from .errors import judge_errors
from .findings import Finding, Judgement, Verdict
from .latency import judge_slow, judge_typical
from .policy import Look, Policy


def judge(canary: Side, baseline: Side, look: Look, policy: Policy) -> Judgement:
    """Both sides pooled since the step began, less its warm-up: within a step the split of the traffic stays."""
    findings = (
        judge_errors(canary, baseline, look, policy),
        judge_typical(canary.latencies, baseline.latencies, look, policy.typical_latency),
        judge_slow(canary.latencies, baseline.latencies, look, policy.slow_latency),
    )
    reason = _both_failing(canary, baseline, policy)
    return Judgement(tuple(_excused(finding, reason) for finding in findings) if reason else findings)


def _both_failing(canary: Side, baseline: Side, policy: Policy) -> str | None:
    """A database outage, say. Empty sides fail neither."""
    if min(canary.error_share, baseline.error_share) <= policy.failing_above:
        return None
    ours, theirs, limit = (
        in_words(share, Unit.RATIO) for share in (canary.error_share, baseline.error_share, policy.failing_above)
    )
    told = f"Both slots fail, {ours} of the canary's requests and {theirs} of the baseline's"
    return f"{told} (more than {limit}): that is not the release's fault."


def _excused(finding: Finding, reason: str) -> Finding:
    return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason)
