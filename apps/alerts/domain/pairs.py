"""Which alerts a more severe rule of the same pair mutes. Sends nothing."""

from collections.abc import Collection
from dataclasses import dataclass

from .labels import Labels
from .rules import Rule, Severity


@dataclass(frozen=True, slots=True)
class Live:
    """A firing alert, as far as pairs go."""

    rule_key: str
    severity: Severity
    pair: str
    labels: Labels  # of the series, without those that the rule adds


def live(rule: Rule, labels: Labels) -> Live:
    return Live(rule.key, rule.severity, rule.pair, labels)


def muted_by(alert: Live, firing: Collection[Live]) -> Live | None:
    """The most severe one of its pair that fires for the same series; None when the alert may be heard."""
    if not alert.pair:
        return None
    above = [one for one in firing if _same(one, alert) and one.severity.rank > alert.severity.rank]
    return max(above, key=lambda one: (one.severity.rank, one.rule_key), default=None)


def _same(one: Live, other: Live) -> bool:
    return one.pair == other.pair and one.labels == other.labels
