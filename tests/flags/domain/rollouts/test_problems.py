"""Which plans are refused, and what is said of each fault."""

from dataclasses import replace

import pytest

from apps.flags.domain.rollouts.plans import Plan
from apps.flags.domain.rollouts.problems import plan_problems
from apps.flags.domain.rollouts.templates import TEMPLATES
from tests.flags.domain.rollouts.build import plan, stage

VARIANTS = ("on", "off")
SEGMENTS = ("a", "b", "internal", "beta-testers", "early-adopters", *(f"g{n}" for n in range(51)))
GROWING = [stage(n + 1) for n in range(21)]


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_template_can_start(key: str) -> None:
    assert plan_problems(Plan("on", "off", TEMPLATES[key].stages, ("errors",)), VARIANTS, SEGMENTS) == []


@pytest.mark.parametrize(
    "of",
    [
        plan(stage(1)),
        plan(stage(100_000, hold=0)),
        plan(stage(100_000, hold=90 * 86_400)),
        plan(*GROWING[:20]),
        plan(stage(50_000, "a"), stage(20_000, "b"), stage(20_000)),
        plan(stage(50_000, "a"), stage(50_000, "a", "b")),
        plan(stage(1, approval=True, evaluations=5), stage(2), guards=("error_rate_critical", "p95-slow")),
    ],
)
def test_a_sound_plan_has_no_problem(of: Plan) -> None:
    assert plan_problems(of, VARIANTS, SEGMENTS) == []


@pytest.mark.parametrize(
    ("of", "path", "said"),
    [
        (replace(plan(stage(1)), variant="blue"), "variant", "no variant 'blue'"),
        (replace(plan(stage(1)), variant="off"), "variant", "nothing to roll out"),
        (plan(), "stages", "at least one stage"),
        (plan(*GROWING), "stages", "has 21 stages; at most 20"),
        (plan(stage(1, name="")), "stages[0].name", "must not be empty"),
        (plan(stage(1, name="x" * 101)), "stages[0].name", "longer than 100"),
        (plan(stage(1, name="a\0")), "stages[0].name", "cannot carry"),
        (plan(stage(0)), "stages[0].weight", "from 1 to 100,000"),
        (plan(stage(100_001)), "stages[0].weight", "from 1 to 100,000"),
        (plan(stage(1, hold=-1)), "stages[0].hold_seconds", "0 to 90 days"),
        (plan(stage(1, hold=90 * 86_400 + 1)), "stages[0].hold_seconds", "0 to 90 days"),
        (plan(stage(1, evaluations=-1), stage(2)), "stages[0].minimum_evaluations", "from 0"),
        (plan(stage(1, "a", "all")), "stages[0].groups[1]", "name no group"),
        (plan(stage(1, "a", "a")), "stages[0].groups[1]", "used twice"),
        (plan(stage(1, "")), "stages[0].groups[0]", "must not be empty"),
        (plan(stage(1, "b", "intern")), "stages[0].groups[1]", "no segment 'intern'; did you mean internal?"),
        (plan(stage(1, *(f"g{n}" for n in range(51)))), "stages[0].groups", "at most 50"),
        (plan(stage(5_000), stage(5_000)), "stages[1].weight", "stage 1 gives these users 5 % already"),
        (plan(stage(5_000), stage(4_000, "a")), "stages[1].weight", "reaches nobody new"),
        (plan(stage(9, "a", "b"), stage(8, "b")), "stages[1].weight", "reaches nobody new"),
        (plan(stage(1), stage(2, approval=True)), "stages[1].needs_approval", "nothing to approve"),
        (plan(stage(1), stage(2, evaluations=1)), "stages[1].minimum_evaluations", "nothing to hold back"),
        (plan(stage(1), guards=("Errors",)), "guards[0]", "no name of a guard"),
        (plan(stage(1), guards=("a\n",)), "guards[0]", "no name of a guard"),
        (plan(stage(1), guards=("e" * 101,)), "guards[0]", "longer than 100"),
        (plan(stage(1), guards=("a", "a")), "guards[1]", "used twice"),
        (plan(stage(1), guards=tuple(f"g{n}" for n in range(21))), "guards", "at most 20"),
    ],
)
def test_a_fault_is_named_at_its_place(of: Plan, path: str, said: str) -> None:
    ((found, message),) = plan_problems(of, VARIANTS, SEGMENTS)
    assert found == path
    assert said in message


def test_all_faults_are_named_at_once() -> None:
    of = replace(plan(stage(0, name=""), stage(1, hold=-1)), variant="blue")
    paths = [path for path, _message in plan_problems(of, VARIANTS, SEGMENTS)]
    assert paths == ["variant", "stages[0].name", "stages[0].weight", "stages[1].hold_seconds"]
