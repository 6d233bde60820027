"""Rules and moments for the tests of the alerting domain: one plain rule, and minutes counted from one noon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.alerts.domain.instances import Failed, Instances, State, Vector, step
from apps.alerts.domain.labels import Labels, label_set
from apps.alerts.domain.rules import Aggregate, Comparison, Query, Rule, Severity

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUERY = Query(metric="queue_length", aggregate=Aggregate.LAST, window_seconds=300)
RULE = Rule(
    key="queue_long",
    name="The queue is long",
    severity=Severity.WARNING,
    query=QUERY,
    comparison=Comparison.GT,
    threshold=10,
)
A, B = label_set({"queue": "a"}), label_set({"queue": "b"})
GOOD, BAD = 10.0, 11.0  # 10 is not above 10


def rule(**given: Any) -> Rule:
    return replace(RULE, **given)


def query(**given: Any) -> Query:
    return replace(QUERY, **given)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


class Life:
    """A rule that is stepped once a minute, and what was seen of one series."""

    def __init__(self, rule: Rule, watched: Labels = A) -> None:
        self.rule, self.watched = rule, watched
        self.instances: Instances = {}
        self.minute = 0
        self.states: list[str] = []
        self.kinds: list[tuple[int, str]] = []  # (minute, kind)

    def see(self, *values: float | None) -> "Life":
        """One value a minute; None is no data."""
        for value in values:
            self.step({} if value is None else {self.watched: value})
        return self

    def step(self, vector: Vector | Failed) -> None:
        stepped = step(self.rule, self.instances, vector, at(self.minute))
        self.instances = stepped.instances
        now = self.instances.get(self.watched)
        self.states.append("-" if now is None or now.state is State.INACTIVE else now.state.value[0])
        seen = [one for one in stepped.transitions if one.labels == self.watched]
        self.kinds += [(self.minute, one.kind.value) for one in seen]
        self.minute += 1

    @property
    def line(self) -> str:
        """One letter a minute: - P F R N."""
        return "".join(self.states)
