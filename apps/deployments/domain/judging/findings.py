"""What the judge answers: a verdict for each metric with its numbers and reason, and one for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.core.statistics.intervals import Interval


class Metric(StrEnum):
    ERRORS = "errors"  # share of requests that fail
    TYPICAL_LATENCY = "typical_latency"  # by ranks: is the whole distribution shifted
    SLOW_LATENCY = "slow_latency"  # 95th percentile


class Action(StrEnum):
    """What a bad metric asks for."""

    IGNORE = "ignore"  # dry run: judged and shown, never decides
    PAUSE = "pause"
    ROLL_BACK = "roll_back"


class Verdict(StrEnum):
    GOOD = "good"  # nothing worse is proven, and there was enough to see it
    INCONCLUSIVE = "inconclusive"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Numbers of both sides. Shares from 0 to 1, latencies in ms."""

    canary: float
    baseline: float
    ratio: float | None = None  # how many times as high the canary's is; None: nothing to divide
    interval: Interval = Interval(0.0, float("inf"))  # noqa: RUF009 - a tuple; of the ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    metric: Metric
    action: Action
    verdict: Verdict
    reason: str  # one sentence
    comparison: Comparison | None = None  # None: not enough was seen


@dataclass(frozen=True, slots=True)
class Judgement:
    findings: Sequence[Finding]  # one for each metric, always in the same order

    @property
    def deciding(self) -> list[Finding]:
        """Those that are no dry run and as bad as the verdict."""
        verdict = self.verdict
        return [finding for finding in self._counted if finding.verdict is verdict]

    @property
    def verdict(self) -> Verdict:
        """The worst of those that are no dry run."""
        found = {finding.verdict for finding in self._counted}
        return next((each for each in (Verdict.BAD, Verdict.INCONCLUSIVE) if each in found), Verdict.GOOD)

    @property
    def action(self) -> Action | None:
        """What to do about it. An inconclusive verdict pauses where the step would go on; it never rolls back."""
        match self.verdict:
            case Verdict.GOOD:
                return None
            case Verdict.BAD if any(finding.action is Action.ROLL_BACK for finding in self.deciding):
                return Action.ROLL_BACK
        return Action.PAUSE

    @property
    def reason(self) -> str:
        """In sentences."""
        told = dict.fromkeys(finding.reason for finding in self.deciding)
        return " ".join(told) or "Every metric is a dry run."

    @property
    def _counted(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.action is not Action.IGNORE]
