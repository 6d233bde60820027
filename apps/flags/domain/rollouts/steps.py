"""Decides whether a running plan goes on, is complete or waits, and says for what. One stage per decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.core.domain.holds import GuardVerdict, judge
from apps.flags.domain.rollouts.plans import Plan


class Cause(StrEnum):
    KILL = "kill"
    TIME = "time"
    GUARD = "guard"
    APPROVAL = "approval"
    EVALUATIONS = "evaluations"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a plan waits for."""

    cause: Cause
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a running plan is and what is known of its present stage."""

    position: int  # of the present stage, from 0
    due_at: datetime  # when its hold has been served
    approved: bool = False
    evaluations: int = 0  # since the stage began
    verdicts: tuple[GuardVerdict, ...] = ()
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Advance:
    position: int  # of the stage to enter


@dataclass(frozen=True, slots=True)
class Complete:
    """The last stage was served in full."""


@dataclass(frozen=True, slots=True)
class Wait:
    reasons: tuple[Reason, ...]


Step = Advance | Complete | Wait


def next_step(plan: Plan, standing: Standing, at: datetime) -> Step:
    reasons = tuple(_reasons(plan, standing, at))
    if reasons:
        return Wait(reasons)
    return following(plan, standing.position)


def following(plan: Plan, position: int) -> Advance | Complete:
    """What comes after this stage."""
    return Advance(position + 1) if position + 1 < len(plan.stages) else Complete()


def _reasons(plan: Plan, standing: Standing, at: datetime) -> Iterator[Reason]:
    stage = plan.stages[standing.position]
    if standing.killed:
        yield Reason(Cause.KILL, "the flag is killed")
    if at < standing.due_at:
        yield Reason(Cause.TIME, f"the stage lasts until {standing.due_at:%Y-%m-%d %H:%M} UTC")
    yield from _guards(plan, {verdict.name: verdict for verdict in standing.verdicts}, at)
    if stage.needs_approval and not standing.approved:
        yield Reason(Cause.APPROVAL, "somebody other than who started it has to approve the stage")
    if standing.evaluations < stage.minimum_evaluations:
        counted = f"{standing.evaluations:,} of {stage.minimum_evaluations:,} evaluations so far"
        yield Reason(Cause.EVALUATIONS, counted)


def _guards(plan: Plan, verdicts: Mapping[str, GuardVerdict], at: datetime) -> Iterator[Reason]:
    for guard in plan.guards:
        verdict = verdicts.get(guard) or judge(guard, None, at)
        if not verdict.green:
            yield Reason(Cause.GUARD, f"{guard} is not green: {verdict.words}")
