"""How strict the judge is: by metric what it tolerates, needs and asks for, and how often it looks."""

from dataclasses import dataclass, field

from .findings import Action


@dataclass(frozen=True, slots=True)
class Look:
    """Which look at one step this is. Looks after the planned ones are allowed; they find less."""

    number: int  # from 1
    planned: int

    def __post_init__(self) -> None:
        if self.number < 1 or self.planned < 1:
            raise ValueError(f"look {self.number} of {self.planned} cannot be")

    def __str__(self) -> str:
        within = self.number <= self.planned
        return f"look {self.number}" + (f" of {self.planned}" if within else f", {self.planned} were planned")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPolicy:
    action: Action = Action.ROLL_BACK
    minimum: int = 50  # requests, or latencies, that each side needs
    tolerated: float = 1.0  # so many times the baseline's is fine
    level: float  # false alarms allowed over all looks at one step

    def __post_init__(self) -> None:
        if self.minimum < 1 or self.tolerated < 1 or not 0 < self.level < 1:
            raise ValueError("needs at least 1 of each side, tolerates 1 or more, and allows some false alarms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The levels of all metrics add up to 1 %: so rarely does a step without any difference end bad."""

    errors: MetricPolicy = field(default_factory=lambda: MetricPolicy(level=0.007))
    typical_latency: MetricPolicy = field(default_factory=lambda: MetricPolicy(tolerated=1.1, level=0.0015))
    slow_latency: MetricPolicy = field(default_factory=lambda: MetricPolicy(tolerated=1.25, level=0.0015))
    least_difference: float = 0.0005  # of the shares of errors: less does not matter, however certain it is
    failing_above: float = 0.05  # a share of errors; where both sides have more, it is not the release's fault
