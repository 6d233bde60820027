"""How many sample users each stage of a plan would reach, in each of its groups and outside them. Keeps nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from apps.flags.domain.engine.context import GROUPS
from apps.flags.domain.engine.definitions import Flag, Segment
from apps.flags.domain.preview import sample
from apps.flags.domain.rollouts.plans import Plan, change_for


@dataclass(frozen=True, slots=True)
class Reach:
    group: str  # "" are the users in none of the groups
    counts: tuple[int, ...]  # by stage: sample users who get the plan's variant


def reach(flag: Flag, plan: Plan, segments: tuple[Segment, ...], *, at: float, size: int = 1_000) -> tuple[Reach, ...]:
    """The plan's groups in the order in which it comes to them, then everybody else."""
    flags = [replace(flag, **change_for(plan, n).given()) for n in range(len(plan.stages))]

    def count(group: str) -> Iterator[int]:
        context = {GROUPS: [group]} if group else {}
        for stage in flags:
            yield sample(stage, segments, at=at, size=size, context=context).count(plan.variant)

    groups = dict.fromkeys(group for stage in plan.stages for group in stage.groups)
    return tuple(Reach(group, tuple(count(group))) for group in [*groups, ""])
