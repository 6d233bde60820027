"""How strict a target's judge is, read from JSON: by metric and by trigger, what a bad one asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from apps.deployments.domain.firing import Trigger

from .findings import Action, Metric
from .policy import MetricPolicy, Policy

MAX_MINIMUM = 1_000_000


class InvalidJudge(ValueError):
    """`path` names the field, such as judge.errors.action."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


@dataclass(frozen=True, slots=True)
class Strictness:
    policy: Policy = field(default_factory=Policy)
    triggers: Mapping[Trigger, Action] = field(default_factory=lambda: dict.fromkeys(Trigger, Action.ROLL_BACK))


def parse_judge(raw: Mapping[str, object]) -> Strictness:
    """`{"errors": {"action": "pause", "minimum": 200}, "probes": {"action": "ignore"}}`; what is left out rolls back.
    Raises InvalidJudge."""
    metrics, triggers = {metric.value for metric in Metric}, {trigger.value for trigger in Trigger}
    actions, usual = dict.fromkeys(Trigger, Action.ROLL_BACK), Policy()
    policies: dict[str, MetricPolicy] = {name: getattr(usual, name) for name in metrics}
    for name, fields in raw.items():
        path = f"judge.{name}"
        if name not in metrics | triggers or not isinstance(fields, Mapping):
            raise InvalidJudge(path, f"must be one of {', '.join(sorted(metrics | triggers))}, with its settings")
        if name in triggers:
            actions[Trigger(name)] = _action(path, fields)
        else:
            policies[name] = _metric(path, fields, policies[name])
    return Strictness(
        Policy(
            errors=policies[Metric.ERRORS],
            typical_latency=policies[Metric.TYPICAL_LATENCY],
            slow_latency=policies[Metric.SLOW_LATENCY],
        ),
        actions,
    )


def _metric(path: str, fields: Mapping[str, object], usual: MetricPolicy) -> MetricPolicy:
    minimum = fields.get("minimum", usual.minimum)
    if isinstance(minimum, bool) or not isinstance(minimum, int) or not 1 <= minimum <= MAX_MINIMUM:
        raise InvalidJudge(f"{path}.minimum", f"must be a whole number from 1 to {MAX_MINIMUM:,}")
    return replace(usual, action=_action(path, fields, {"action", "minimum"}), minimum=minimum)


def _action(path: str, fields: Mapping[str, object], known: set[str] | None = None) -> Action:
    for name in fields.keys() - (known or {"action"}):
        raise InvalidJudge(f"{path}.{name}", "there is no such setting")
    try:
        return Action(str(fields.get("action", Action.ROLL_BACK)))
    except ValueError:
        raise InvalidJudge(f"{path}.action", f"must be one of {', '.join(Action)}") from None
