"""How a release gets its traffic: steps of weight, and what is waited for at each. Approvals name its digest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

WHOLE = 100_000  # every weight is out of this
MAX_STEPS = 20
MAX_SECONDS = 7 * 86_400
WATCH_SECONDS = 3_600
WATCH_AFTER_ROLLBACK_SECONDS = 900


class Strategy(StrEnum):
    BLUE_GREEN = "BLUE_GREEN"
    CANARY = "CANARY"


class InvalidPlan(ValueError):
    """`path` names the field, such as steps[1].weight."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


@dataclass(frozen=True, slots=True)
class Step:
    weight: int  # of the new slot, out of WHOLE
    hold_seconds: int = 0  # at least this long before the next step
    needs_approval: bool = False  # of a person, before the next step
    analyse: bool = True  # judged against the old slot meanwhile

    @property
    def words(self) -> str:
        return f"{self.weight / 1_000:g} %"


@dataclass(frozen=True, slots=True)
class Plan:
    strategy: Strategy
    steps: tuple[Step, ...]  # the last one is the whole
    watch_seconds: int = WATCH_SECONDS

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(dump_plan(self), sort_keys=True).encode()).hexdigest()

    @property
    def hold_seconds(self) -> int:
        """The least that all steps take."""
        return sum(step.hold_seconds for step in self.steps)


BLUE_GREEN = (Step(WHOLE, 0, analyse=False),)
CANARY = (Step(5_000, 300), Step(25_000, 300), Step(50_000, 300), Step(WHOLE, 0, analyse=False))


def steps_of(strategy: Strategy, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Blue-green is one step, whatever is kept for canaries."""
    return BLUE_GREEN if strategy is Strategy.BLUE_GREEN else tuple(steps) or CANARY


def dump_plan(plan: Plan) -> dict[str, Any]:
    return {
        "strategy": plan.strategy.value,
        "steps": dump_steps(plan.steps),
        "watch_seconds": plan.watch_seconds,
    }


def dump_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [asdict(step) for step in steps]


def parse_plan(raw: Mapping[str, Any]) -> Plan:
    """Raises InvalidPlan."""
    known = {"strategy", "steps", "watch_seconds"}
    for name in raw.keys() - known:
        raise InvalidPlan(name, "there is no such field")
    try:
        strategy = Strategy(str(raw.get("strategy")))
    except ValueError:
        raise InvalidPlan("strategy", f"must be one of {', '.join(Strategy)}") from None
    watch = _whole("watch_seconds", raw.get("watch_seconds", WATCH_SECONDS), 0, MAX_SECONDS)
    return Plan(strategy, steps_of(strategy, parse_steps(raw.get("steps", []))), watch)


def parse_steps(raw: object) -> tuple[Step, ...]:
    """Weights grow from step to step, to the whole. Empty: the usual ones. Raises InvalidPlan."""
    if not isinstance(raw, list) or len(raw) > MAX_STEPS:
        raise InvalidPlan("steps", f"must be a list of at most {MAX_STEPS} steps")
    steps = tuple(_step(f"steps[{n}]", one) for n, one in enumerate(raw))
    for n, (before, step) in enumerate(pairwise(steps), start=1):
        if step.weight <= before.weight:
            raise InvalidPlan(f"steps[{n}].weight", f"must be more than the {before.words} before")
    if steps and steps[-1].weight != WHOLE:
        raise InvalidPlan(f"steps[{len(steps) - 1}].weight", "the last step must be 100 %, which is 100000")
    return steps


def _step(path: str, raw: object) -> Step:
    if not isinstance(raw, Mapping):
        raise InvalidPlan(path, "must be an object")
    for name in raw.keys() - {"weight", "hold_seconds", "needs_approval", "analyse"}:
        raise InvalidPlan(f"{path}.{name}", "there is no such field")
    return Step(
        _whole(f"{path}.weight", raw.get("weight"), 1, WHOLE),
        _whole(f"{path}.hold_seconds", raw.get("hold_seconds", 0), 0, MAX_SECONDS),
        _flag(f"{path}.needs_approval", raw.get("needs_approval", False)),
        _flag(f"{path}.analyse", raw.get("analyse", True)),
    )


def _whole(path: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidPlan(path, f"must be a whole number from {least:,} to {most:,}")
    return value


def _flag(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidPlan(path, "must be true or false")
    return value
