"""What gates and the judge say of a deployment, in words and shapes. Reads what was kept; judges nothing itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.domain.units import Unit, in_words
from apps.core.pages import Pill
from apps.deployments.domain.gates import IN_THE_WAY, OVERRIDABLE, Gate, Verdict
from apps.deployments.models import Analysis, Deployment, GateReport
from apps.deployments.pages import gate_words

LOOKS = 20  # the newest; earlier ones are counted
TONES = {"GOOD": "on", "INCONCLUSIVE": "warn", "BAD": "killed"}
METRICS = {
    "errors": gettext_lazy("Errors"),
    "typical_latency": gettext_lazy("Typical response time"),
    "slow_latency": gettext_lazy("Slow response time (p95)"),
}
HEALTH = {
    "requests": gettext_lazy("Requests"),
    "error_share": gettext_lazy("Errors"),
    "p95_ms": gettext_lazy("Response time (p95)"),
}
ACTIONS = {"ignore": gettext_lazy("dry run"), "pause": gettext_lazy("pauses"), "roll_back": gettext_lazy("rolls back")}


@dataclass(frozen=True, slots=True)
class GateView:
    row: GateReport
    name: str
    pill: Pill
    in_the_way: bool
    overridable: bool

    @property
    def unasked(self) -> bool:
        return bool(self.row.verdict == GateReport.Verdict.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Finding:
    metric: str
    action: str
    pill: Pill
    new: str
    old: str
    ratio: str
    interval: str  # 95 %, of the ratio
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    row: Analysis
    pill: Pill
    findings: Sequence[Finding]


def gates(row: Deployment) -> list[GateView]:
    known = {report.gate: report for report in row.gates.all()}
    return [_gate(row, gate, known[gate.value]) for gate in Gate if gate.value in known]


def gate_name(gate: str) -> str:
    return str(gate_words.NAMES[Gate(gate)]) if gate in set(Gate) else gate


def _gate(row: Deployment, gate: Gate, report: GateReport) -> GateView:
    blocks = report.verdict in IN_THE_WAY
    return GateView(
        report,
        gate_name(gate),
        Pill(gate_words.TONES[Verdict(report.verdict)], str(report.get_verdict_display())),
        blocks,
        blocks and gate in OVERRIDABLE and row.state not in Deployment.OVER,
    )


def looks(row: Deployment) -> tuple[list[Look], int]:
    """The newest first, and how many more there are."""
    found = sorted(row.analyses.all(), key=lambda one: (one.at, one.pk), reverse=True)
    return [_look(one) for one in found[:LOOKS]], max(len(found) - LOOKS, 0)


def _look(row: Analysis) -> Look:
    findings = row.findings if isinstance(row.findings, list) else []
    return Look(row, _pill(row.verdict), [_finding(one) for one in findings if isinstance(one, Mapping)])


def _pill(verdict: str) -> Pill:
    labels = dict(Analysis.Verdict.choices)
    return Pill(TONES.get(verdict, "off"), str(labels.get(verdict, verdict)))


def _finding(one: Mapping[str, Any]) -> Finding:
    metric = str(one.get("metric", ""))
    action = str(one.get("action", "")).lower()
    return Finding(
        metric=str(METRICS.get(metric, metric.replace("_", " "))),
        action=str(ACTIONS.get(action, action)),
        pill=_pill(str(one.get("verdict", "")).upper()),
        new=_value(metric, one.get("canary")),
        old=_value(metric, one.get("baseline")),
        ratio=_times(one.get("ratio")),
        interval=_interval(one.get("interval")),
        reason=str(one.get("reason", "")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _value(metric: str, value: object) -> str:
    """Shares from 0 to 1, response times in ms, as the judge counts."""
    number = _number(value)
    if number is None:
        return ""
    return in_words(number, Unit.RATIO) if metric == "errors" else f"{in_words(number, Unit.NUMBER)} ms"


def _times(value: object) -> str:
    number = _number(value)
    return "" if number is None else f"{in_words(number, Unit.NUMBER)} ×"  # noqa: RUF001 - the sign for times


def _interval(value: object) -> str:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return ""
    low, high = (_number(end) for end in value)
    if low is None:
        return ""
    if high is None:
        return _("at least %(low)s") % {"low": _times(low)}
    return _("%(low)s to %(high)s") % {"low": _times(low), "high": _times(high)}


def health(row: Deployment) -> list[tuple[str, str, str]]:
    """Metric, before, after: whatever was kept of either."""
    names = dict.fromkeys([*row.health_before, *row.health_after])
    return [
        (
            str(HEALTH.get(name, name.replace("_", " "))),
            _kept(name, row.health_before.get(name)),
            _kept(name, row.health_after.get(name)),
        )
        for name in names
    ]


def _kept(name: str, value: object) -> str:
    number = _number(value)
    if number is None:
        return ""
    unit = Unit.RATIO if name.endswith("_share") else Unit.NUMBER
    return f"{in_words(number, unit)}{' ms' if name.endswith('_ms') else ''}"
