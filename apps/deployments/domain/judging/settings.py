"""The JSON of a target's judge: for each metric what a bad verdict asks for, and how much it needs first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .findings import Action, Metric
from .policy import MetricPolicy, Policy

MAX_MINIMUM = 1_000_000
MAX_TOLERATED = 10.0


class InvalidJudge(ValueError):
    """`path` names the field, such as errors.minimum."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


def parse_policy(raw: Mapping[str, Any]) -> Policy:
    """`{"errors": {"action", "minimum", "tolerated"}}` and so on; what is left out is as usual. Raises InvalidJudge."""
    usual = Policy()
    known = [metric.value for metric in Metric]
    for name in raw.keys() - set(known):
        raise InvalidJudge(name, f"must be one of {', '.join(known)}")
    found: dict[str, Any] = {name: _metric(name, raw[name], getattr(usual, name)) for name in known if name in raw}
    return replace(usual, **found)


def _metric(path: str, raw: object, usual: MetricPolicy) -> MetricPolicy:
    if not isinstance(raw, Mapping):
        raise InvalidJudge(path, "must be an object")
    for name in raw.keys() - {"action", "minimum", "tolerated"}:
        raise InvalidJudge(f"{path}.{name}", "there is no such field")
    return replace(
        usual,
        action=_action(f"{path}.action", raw.get("action", usual.action.value)),
        minimum=int(_number(f"{path}.minimum", raw.get("minimum", usual.minimum), MAX_MINIMUM, whole=True)),
        tolerated=_number(f"{path}.tolerated", raw.get("tolerated", usual.tolerated), MAX_TOLERATED),
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
