"""What an alert rule is. How it is judged is problems.py's, what it does with values is instances.py's."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from apps.core.domain.units import Unit, in_words

from .labels import Matcher
from .limits import DAY


class Severity(StrEnum):
    """Lower case, because it is the value of the label `severity` as well."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Aggregate(StrEnum):
    """What becomes of the values in a window."""

    RATE = "rate"  # of a counter, a second
    INCREASE = "increase"  # of a counter, over the window
    RATIO = "ratio"  # of one counter's increase to another's
    AVG = "avg"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    LAST = "last"  # series that are put together add up, as servers' users do
    COUNT = "count"  # of values
    P50 = "p50"
    P75 = "p75"  # by which web vitals are judged
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"

    @property
    def counts(self) -> bool:
        """Whether it looks at a counter, whose increase begins before the window."""
        return self in (Aggregate.RATE, Aggregate.INCREASE, Aggregate.RATIO)

    @property
    def quantile(self) -> float | None:
        """From 0 to 1; None for what is no percentile."""
        return int(self[1:]) / 100 if self[1:].isdigit() else None


class Comparison(StrEnum):
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"

    @property
    def holds(self) -> Callable[[float, float], bool]:
        """(value, bound) to whether the value is beyond it. Not a number is beyond nothing."""
        return _OPERATORS[self]

    @property
    def upward(self) -> bool:
        """Whether larger values are worse."""
        return self in (Comparison.GT, Comparison.GTE)

    @property
    def words(self) -> str:
        return _WORDS[self]


_OPERATORS: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.GT: operator.gt,
    Comparison.GTE: operator.ge,
    Comparison.LT: operator.lt,
    Comparison.LTE: operator.le,
}
_WORDS = {
    Comparison.GT: "above",
    Comparison.GTE: "at or above",
    Comparison.LT: "below",
    Comparison.LTE: "at or below",
}


class Baseline(StrEnum):
    """What a value is compared with when a rule is about change."""

    PREVIOUS_WINDOW = "previous_window"
    SAME_HOUR_LAST_WEEK = "same_hour_last_week"

    @property
    def words(self) -> str:
        return "the window before" if self is Baseline.PREVIOUS_WINDOW else "the same hour last week"


class NoData(StrEnum):
    """What it means for a series to have no value at an evaluation."""

    OK = "ok"  # as if the value were fine
    FIRING = "firing"  # as if it were beyond the threshold
    KEEP = "keep"  # all stays as it was
    OWN_STATE = "own_state"  # all stays as it was, and after `for_seconds` the instance says that it has no data


@dataclass(frozen=True, slots=True)
class Denominator:
    metric: str
    matchers: tuple[Matcher, ...] = ()
    minimum: float = 0.0  # increase over the window; with less there is no ratio, so that one error in two is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    metric: str
    aggregate: Aggregate
    window_seconds: int
    matchers: tuple[Matcher, ...] = ()
    across: tuple[str, ...] | None = None  # labels to put series together by; (): all into one; None: each by itself
    denominator: Denominator | None = None  # for a ratio; same window, same `across`


@dataclass(frozen=True, slots=True)
class Relative:
    """The threshold is about the change against a baseline, in per cent."""

    baseline: Baseline
    minimum: float = 0.0  # in the metric's unit; against a smaller baseline there is no change to speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    key: str
    name: str
    severity: Severity
    query: Query
    comparison: Comparison
    threshold: float  # in the metric's unit; in per cent where `relative`
    recovery_threshold: float | None = None  # a firing instance goes on while its value is beyond this one
    relative: Relative | None = None
    for_seconds: int = 0  # how long it has to hold before it fires
    keep_firing_for_seconds: int = 0  # how long it goes on firing after it stopped holding
    no_data: NoData = NoData.OK
    forget_seconds: int = DAY  # a series without data for so long is gone for good
    pair: str = ""  # rules of one pair: the more severe one mutes the others
    guard: str = ""  # the name under which flags and rollouts ask for the verdict
    unit: Unit = Unit.NUMBER
    description: str = ""

    def in_words(self, value: float) -> str:
        """A value as the threshold is: of a rule about change, in per cent."""
        return in_words(value, Unit.PERCENT if self.relative else self.unit)

    def beyond(self, value: float) -> bool:
        return self.comparison.holds(value, self.threshold)

    def still_beyond(self, value: float) -> bool:
        """For an instance that fires: with a recovery threshold it takes more to be well again."""
        bound = self.threshold if self.recovery_threshold is None else self.recovery_threshold
        return self.comparison.holds(value, bound)
