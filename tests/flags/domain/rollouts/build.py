"""Short ways to write plans in tests, and random ones. No expected values live here."""

from hypothesis import strategies as st

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import Flag
from apps.flags.domain.rollouts.plans import Plan, Stage, change_for
from apps.flags.domain.rollouts.templates import DEFAULT, TEMPLATES
from tests.flags.domain.build import NOW, flag

GROUPS = ["internal", "beta-testers", "early-adopters", "gone"]
FOUR_WEEKS = Plan("on", "off", TEMPLATES[DEFAULT].stages)


def stage(
    weight: int, *groups: str, hold: int = 60, approval: bool = False, evaluations: int = 0, name: str = "s"
) -> Stage:
    return Stage(name, groups, weight, hold, approval, evaluations)


def plan(*stages: Stage, guards: tuple[str, ...] = ()) -> Plan:
    return Plan("on", "off", stages, guards)


def served(of: Plan, position: int, salt: str = "checkout") -> Flag:
    change = change_for(of, position)
    return flag(*(change.rules or ()), default=change.default_variant or "", salt=salt)


def is_on(built: Flag, user: str, groups: list[str]) -> bool:
    return bool(compile_flag(built, {}).evaluate({"targetingKey": user, "groups": groups}, NOW).value)


weights = st.integers(1, 100_000) | st.sampled_from([1_000, 50_000, 100_000])
stages = st.builds(
    lambda groups, weight: stage(weight, *groups), st.lists(st.sampled_from(GROUPS), max_size=3, unique=True), weights
)
plans = st.lists(stages, min_size=1, max_size=6).map(lambda found: plan(*found))
memberships = st.lists(st.sampled_from(GROUPS), unique=True)
