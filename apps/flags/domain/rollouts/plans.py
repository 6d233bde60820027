"""Stages and plans, and the rules that a plan serves in each stage. When it goes on is steps.py's."""

from dataclasses import dataclass
from typing import Any

from apps.flags.domain.engine.definitions import Fixed, FlagStatus, InSegment, Rule, Serve, Split
from apps.flags.domain.engine.limits import WEIGHT_TOTAL
from apps.flags.domain.engine.text import percent
from apps.flags.domain.transitions import Change, Serving
from apps.flags.domain.wording import listed


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    groups: tuple[str, ...]  # segment keys; none means everyone
    weight: int  # the share of these users that get the variant, out of 100,000
    hold_seconds: int  # how long the stage lasts at least
    needs_approval: bool = False  # somebody has to approve before the next stage
    minimum_evaluations: int = 0  # of the flag, counted from the stage's beginning, before the next stage

    def covers(self, other: "Stage") -> bool:
        """Whether every user whom the other is about is one whom this is about."""
        return not self.groups or (bool(other.groups) and set(other.groups) <= set(self.groups))

    @property
    def words(self) -> str:
        """As in "25 % of beta-testers"."""
        who = listed(self.groups, last="and") if self.groups else "everyone"
        return who if self.weight == WEIGHT_TOTAL else f"{percent(self.weight)} of {who}"


@dataclass(frozen=True, slots=True)
class Plan:
    variant: str  # what the rollout brings
    others: str  # what users get whom it has not reached
    stages: tuple[Stage, ...]
    guards: tuple[str, ...] = ()  # all have to be green before the next stage


def others_of(base: Serving, variant: str) -> str:
    """What users get whom the variant has not reached: the default from before, unless that is the variant itself."""
    if base.status is FlagStatus.ON and base.default_variant != variant:
        return base.default_variant
    return base.off_variant


def rules_for(plan: Plan, position: int) -> tuple[Rule, ...]:
    """The share of each stage's users that was reached so far, the largest first: who is in two groups gets the
    larger share. All are split by the flag's one salt, so whoever is in stays in. Empty when everyone is."""
    rules = tuple(_rule(plan, number) for number in _reached(plan, position))
    return () if rules and rules[0].when is None and isinstance(rules[0].serve, Fixed) else rules


def change_for(plan: Plan, position: int) -> Change:
    """What has to be served in this stage."""
    rules = rules_for(plan, position)
    return Change(status=FlagStatus.ON, rules=rules, default_variant=plan.others if rules else plan.variant)


def dump_stage(stage: Stage) -> dict[str, Any]:
    """Plain JSON, as the API writes it and the audit trail keeps it."""
    return {name: getattr(stage, name) for name in Stage.__slots__} | {"groups": list(stage.groups)}


def _reached(plan: Plan, position: int) -> list[int]:
    """The stages that decide for somebody: a smaller share of users who have a larger one already does not."""
    order = sorted(range(position + 1), key=lambda n: (-plan.stages[n].weight, bool(plan.stages[n].groups)))
    kept: list[int] = []
    for n in order:
        if not any(plan.stages[larger].covers(plan.stages[n]) for larger in kept):
            kept.append(n)
    return kept


def _rule(plan: Plan, number: int) -> Rule:
    stage = plan.stages[number]
    shares = ((plan.variant, stage.weight), (plan.others, WEIGHT_TOTAL - stage.weight))
    serve: Serve = Fixed(plan.variant) if stage.weight == WEIGHT_TOTAL else Split(shares)
    return Rule(f"stage-{number + 1}", InSegment(stage.groups) if stage.groups else None, serve)
