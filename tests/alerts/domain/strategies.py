"""Random rules and histories for the property tests: few series and values near the thresholds, so that much
happens."""

from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st

from apps.alerts.domain.instances import Failed, Vector
from apps.alerts.domain.labels import Labels
from apps.alerts.domain.rules import Comparison, NoData, Rule
from tests.alerts.domain.build import A, B, at, rule

SERIES: tuple[Labels, ...] = ((), A, B, (("queue", "c"), ("zone", "1")))
VALUES = [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, float("inf"), float("-inf"), float("nan")]
SECONDS = [0, 30, 60, 90, 120, 300]


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    vector: Vector | Failed


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    comparison = draw(st.sampled_from(Comparison))
    return rule(
        comparison=comparison,
        recovery_threshold=draw(st.sampled_from([None, 8.0 if comparison.upward else 12.0])),
        for_seconds=draw(st.sampled_from(SECONDS)),
        keep_firing_for_seconds=draw(st.sampled_from(SECONDS)),
        no_data=draw(st.sampled_from(NoData)),
        forget_seconds=draw(st.sampled_from([600, 86_400])),
    )


vectors = st.dictionaries(st.sampled_from(SERIES), st.sampled_from(VALUES), max_size=4)


@st.composite
def histories(draw: st.DrawFn, *, failing: bool = True) -> list[Look]:
    """At uneven distances, as evaluations are when the machine is busy or was off."""
    answers: st.SearchStrategy[Vector | Failed] = vectors | st.just(Failed("time-out")) if failing else vectors
    minute, looks = 0.0, []
    for answer in draw(st.lists(answers, min_size=1, max_size=20)):
        looks.append(Look(at(minute), answer))
        minute += draw(st.sampled_from([0.25, 0.5, 1, 1, 1, 2, 5, 20]))
    return looks
