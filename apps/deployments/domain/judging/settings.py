"""The JSON of a target's judge: for each metric and trigger what a bad one asks for, and how much it needs first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.deployments.domain.firing import Trigger

from .findings import Action, Metric
from .policy import MetricPolicy, Policy

MAX_MINIMUM = 1_000_000
MAX_TOLERATED = 10.0


class InvalidJudge(ValueError):
    """`path` names the field, such as errors.minimum."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


@dataclass(frozen=True, slots=True)
class Strictness:
    """Of one target."""

    policy: Policy
    triggers: Mapping[Trigger, Action]  # what each may do at most


def parse_judge(raw: Mapping[str, Any]) -> Strictness:
    """`{"errors": {"action", "minimum", "tolerated"}, "probes": {"action"}}` and so on, by metric and trigger; what is
    left out is as usual, and rolls back. Raises InvalidJudge."""
    usual, metrics = Policy(), [metric.value for metric in Metric]
    known = [*metrics, *(trigger.value for trigger in Trigger)]
    for name in raw.keys() - set(known):
        raise InvalidJudge(name, f"must be one of {', '.join(known)}")
    found: dict[str, Any] = {name: _metric(name, raw[name], getattr(usual, name)) for name in metrics if name in raw}
    return Strictness(replace(usual, **found), {one: _trigger(one.value, raw.get(one.value, {})) for one in Trigger})


def _trigger(path: str, raw: object) -> Action:
    fields = _fields(path, raw, {"action"})
    return _action(f"{path}.action", fields.get("action", Action.ROLL_BACK.value))


def _fields(path: str, raw: object, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InvalidJudge(path, "must be an object")
    for name in raw.keys() - known:
        raise InvalidJudge(f"{path}.{name}", "there is no such field")
    return raw


def _metric(path: str, raw: object, usual: MetricPolicy) -> MetricPolicy:
    fields = _fields(path, raw, {"action", "minimum", "tolerated"})
    return replace(
        usual,
        action=_action(f"{path}.action", fields.get("action", usual.action.value)),
        minimum=int(_number(f"{path}.minimum", fields.get("minimum", usual.minimum), MAX_MINIMUM, whole=True)),
        tolerated=_number(f"{path}.tolerated", fields.get("tolerated", usual.tolerated), MAX_TOLERATED),
    )


def _action(path: str, value: object) -> Action:
    if value not in [action.value for action in Action]:
        raise InvalidJudge(path, f"must be one of {', '.join(Action)}")
    return Action(str(value))


def _number(path: str, value: object, most: float, *, whole: bool = False) -> float:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 1 <= value <= most:
        raise InvalidJudge(path, f"must be a {'whole ' if whole else ''}number from 1 to {most:,.0f}")
    return float(value)
