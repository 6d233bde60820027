"""Judges a whole plan and names every problem at once, so that a form can show them all. Changes nothing."""

import re
from collections.abc import Collection, Iterator

from apps.core.domain.holds import GUARD_PATTERN
from apps.flags.domain.engine.definitions import EVERYONE
from apps.flags.domain.engine.limits import MAX_ITEMS, WEIGHT_TOTAL
from apps.flags.domain.engine.text import percent
from apps.flags.domain.engine.validation import Problem, key_problems
from apps.flags.domain.references import unknown_segment
from apps.flags.domain.rollouts.plans import Plan, Stage

MAX_STAGES = 20
MAX_GUARDS = 20
MAX_HOLD_SECONDS = 90 * 86_400
MAX_EVALUATIONS = 1_000_000_000


def plan_problems(plan: Plan, variants: Collection[str], segments: Collection[str]) -> list[Problem]:
    """Every problem, in reading order, of a plan for a flag with these variants in a project with these segments;
    empty when it can start."""
    return list(_problems(plan, variants, segments))


def _problems(plan: Plan, variants: Collection[str], segments: Collection[str]) -> Iterator[Problem]:
    if plan.variant not in variants:
        yield "variant", f"there is no variant {plan.variant!r}"
    elif plan.variant == plan.others:
        yield "variant", "is what users outside the rollout get as well, so there is nothing to roll out"
    yield from _guard_problems(plan.guards)
    if not plan.stages:
        yield "stages", "needs at least one stage"
    if len(plan.stages) > MAX_STAGES:
        yield "stages", f"has {len(plan.stages)} stages; at most {MAX_STAGES} are allowed"
    for n, stage in enumerate(plan.stages):
        yield from _stage_problems(f"stages[{n}]", stage, segments)
        yield from _reach_problems(f"stages[{n}].weight", stage, plan.stages[:n])
    if plan.stages:
        yield from _last_problems(f"stages[{len(plan.stages) - 1}]", plan.stages[-1])


def _guard_problems(guards: tuple[str, ...]) -> Iterator[Problem]:
    if len(guards) > MAX_GUARDS:
        yield "guards", f"are {len(guards)}; at most {MAX_GUARDS} are allowed"
    for n, guard in enumerate(guards):
        if not re.fullmatch(GUARD_PATTERN, guard):
            yield f"guards[{n}]", "is no name of a guard: lower-case letters, digits, single hyphens and underscores"
        elif len(guard) > 100:
            yield f"guards[{n}]", "is longer than 100 characters"
        if guard in guards[:n]:
            yield f"guards[{n}]", f"{guard!r} is used twice"


def _stage_problems(path: str, stage: Stage, segments: Collection[str]) -> Iterator[Problem]:
    yield from key_problems(f"{path}.name", stage.name)
    yield from _group_problems(f"{path}.groups", stage.groups, segments)
    if not 1 <= stage.weight <= WEIGHT_TOTAL:
        yield f"{path}.weight", f"must be from 1 to {WEIGHT_TOTAL:,}"
    if not 0 <= stage.hold_seconds <= MAX_HOLD_SECONDS:
        yield f"{path}.hold_seconds", "must be from 0 to 90 days"
    if not 0 <= stage.minimum_evaluations <= MAX_EVALUATIONS:
        yield f"{path}.minimum_evaluations", f"must be from 0 to {MAX_EVALUATIONS:,}"


def _group_problems(path: str, groups: tuple[str, ...], segments: Collection[str]) -> Iterator[Problem]:
    if len(groups) > MAX_ITEMS:
        yield path, f"are {len(groups)}; at most {MAX_ITEMS} are allowed"
    for n, group in enumerate(groups):
        if group == EVERYONE:
            yield f"{path}[{n}]", f"{EVERYONE} is everyone: name no group for that"
        else:
            yield from list(key_problems(f"{path}[{n}]", group)) or unknown_segment(f"{path}[{n}]", group, segments)
        if group in groups[:n]:
            yield f"{path}[{n}]", f"{group!r} is used twice"


def _reach_problems(path: str, stage: Stage, earlier: tuple[Stage, ...]) -> Iterator[Problem]:
    """A stage that nobody would notice is a slip."""
    for n, before in enumerate(earlier, 1):
        if before.covers(stage) and before.weight >= stage.weight:
            yield path, f"reaches nobody new: stage {n} gives these users {percent(before.weight)} already"
            return


def _last_problems(path: str, stage: Stage) -> Iterator[Problem]:
    """It may be watched for a while, but nothing comes after it that could be held back."""
    if stage.needs_approval:
        yield f"{path}.needs_approval", "must not be set: after the last stage there is nothing to approve"
    if stage.minimum_evaluations:
        yield f"{path}.minimum_evaluations", "must be 0: after the last stage there is nothing to hold back"
