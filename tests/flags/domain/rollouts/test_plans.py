"""What each stage serves: shares of groups that only grow, until everyone has it."""

from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import Fixed, FlagStatus, InSegment, Override, Rule, Split, Variant
from apps.flags.domain.engine.validation import validate_flag
from apps.flags.domain.preview import sample
from apps.flags.domain.rollouts.plans import Plan, Stage, change_for, dump_stage, others_of, rules_for
from apps.flags.domain.rollouts.reach import Reach, reach
from apps.flags.domain.transitions import Change, Serving
from tests.flags.domain.build import NOW, flag, segment
from tests.flags.domain.rollouts.build import FOUR_WEEKS, is_on, memberships, plan, plans, served, stage

users = st.text("abcdef0123456789", min_size=1, max_size=8)
salts = st.text("abc", min_size=1, max_size=4)


def split(weight: int) -> Split:
    return Split((("on", weight), ("off", 100_000 - weight)))


def test_the_four_weeks_of_the_product_that_the_portal_was_made_for() -> None:
    internal = Rule("stage-1", InSegment(("internal",)), split(10_000))
    beta = Rule("stage-2", InSegment(("beta-testers",)), split(25_000))
    early = Rule("stage-3", InSegment(("early-adopters",)), split(50_000))
    on, everybody = FlagStatus.ON, ()
    assert [change_for(FOUR_WEEKS, n) for n in range(4)] == [
        Change(status=on, rules=(internal,), default_variant="off"),
        Change(status=on, rules=(beta, internal), default_variant="off"),
        Change(status=on, rules=(early, beta, internal), default_variant="off"),
        Change(status=on, rules=everybody, default_variant="on"),
    ]
    assert [one.hold_seconds for one in FOUR_WEEKS.stages] == [7 * 24 * 3_600] * 4


def test_who_is_in_two_groups_gets_the_larger_share() -> None:
    late = served(FOUR_WEEKS, 2)
    both = sum(is_on(late, f"u{n}", ["internal", "early-adopters"]) for n in range(1_000))
    early = sum(is_on(late, f"u{n}", ["early-adopters"]) for n in range(1_000))
    assert both == early


@given(plans, memberships, users, salts)
def test_advancing_never_turns_anyone_off(of: Plan, groups: list[str], user: str, salt: str) -> None:
    seen = [is_on(served(of, n, salt), user, groups) for n in range(len(of.stages))]
    assert all(before <= after for before, after in pairwise(seen))


@given(plans, memberships, st.data())
def test_stopping_and_starting_again_keeps_the_same_people(of: Plan, groups: list[str], data: st.DataObject) -> None:
    reached, other = (data.draw(st.integers(0, len(of.stages) - 1)) for _ in range(2))
    before = {n for n in range(50) if is_on(served(of, reached), f"u{n}", groups)}
    served(of, other)
    assert {n for n in range(50) if is_on(served(of, reached), f"u{n}", groups)} == before


@given(plans, memberships, users)
def test_everyone_in_a_group_that_a_stage_reaches_wholly_has_it(of: Plan, groups: list[str], user: str) -> None:
    for n, one in enumerate(of.stages):
        if one.weight == 100_000 and (not one.groups or set(one.groups) & set(groups)):
            assert is_on(served(of, n), user, groups)


@given(plans, st.integers(0, 5), users)
def test_nobody_outside_the_groups_has_it_before_everyone_is_asked(of: Plan, position: int, user: str) -> None:
    position = min(position, len(of.stages) - 1)
    if all(one.groups for one in of.stages[: position + 1]):
        assert not is_on(served(of, position), user, [])


@pytest.mark.parametrize("weight", [1_000, 10_000, 25_000, 50_000, 90_000])
def test_the_share_served_in_a_group_is_the_stage_s(weight: int) -> None:
    built, size = served(plan(stage(weight, "internal")), 0), 20_000
    evaluate = compile_flag(built, {}).evaluate
    on = sum(bool(evaluate({"targetingKey": f"u{n}", "groups": ["internal"]}, NOW).value) for n in range(size))
    share = weight / 100_000
    assert abs(on - size * share) < 4.5 * sqrt(size * share * (1 - share))  # binomial, one in 150,000 by chance


@given(plans)
def test_every_stage_can_be_served(of: Plan) -> None:
    for n in range(len(of.stages)):
        assert validate_flag(served(of, n)) == []


def test_a_share_that_its_users_have_already_is_no_rule() -> None:
    growing = plan(stage(10_000, "internal"), stage(20_000), stage(30_000, "internal", "beta-testers"))
    assert rules_for(growing, 1) == (Rule("stage-2", None, split(20_000)),)
    assert [rule.id for rule in rules_for(growing, 2)] == ["stage-3", "stage-2"]


def test_a_whole_group_needs_no_targeting_key() -> None:
    assert rules_for(plan(stage(100_000, "internal")), 0) == (Rule("stage-1", InSegment(("internal",)), Fixed("on")),)


def test_everyone_wholly_beats_a_group_that_had_it_before() -> None:
    both = plan(stage(100_000, "internal"), stage(100_000))
    assert change_for(both, 1) == Change(status=FlagStatus.ON, rules=(), default_variant="on")


@pytest.mark.parametrize(
    ("base", "variant", "others"),
    [
        (Serving(FlagStatus.OFF, (), "on", "off"), "on", "off"),
        (Serving(FlagStatus.ON, (), "on", "off"), "on", "off"),
        (Serving(FlagStatus.ON, (), "blue", "grey"), "red", "blue"),
        (Serving(FlagStatus.OFF, (), "blue", "grey"), "red", "grey"),
        (Serving(FlagStatus.ON, (), "off", "off"), "on", "off"),
    ],
)
def test_who_is_not_reached_keeps_what_was_there(base: Serving, variant: str, others: str) -> None:
    assert others_of(base, variant) == others


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (stage(25_000, "beta-testers"), "25 % of beta-testers"),
        (stage(500), "0.5 % of everyone"),
        (stage(100_000), "everyone"),
        (stage(100_000, "a", "b"), "a and b"),
    ],
)
def test_a_stage_in_words(one: Stage, words: str) -> None:
    assert one.words == words


def test_a_stage_as_json() -> None:
    assert dump_stage(stage(25_000, "a", hold=60, approval=True, evaluations=5, name="Beta")) == {
        "name": "Beta",
        "groups": ["a"],
        "weight": 25_000,
        "hold_seconds": 60,
        "needs_approval": True,
        "minimum_evaluations": 5,
    }


def test_reach_counts_sample_users_by_stage_in_each_group_and_outside() -> None:
    of = plan(stage(100_000, "internal"), stage(100_000, "beta-testers"), stage(100_000))
    built = flag(overrides=(Override("off", ("user-0001",)),))
    assert reach(built, of, (), at=NOW, size=10) == (
        Reach("internal", (9, 9, 9)),
        Reach("beta-testers", (0, 9, 9)),
        Reach("", (0, 0, 9)),
    )


def test_reach_sees_members_among_the_sample_users() -> None:
    of = plan(stage(100_000, "internal"))
    found = reach(flag(), of, (segment("internal", "user-0003", "user-0004"),), at=NOW, size=10)
    assert found[-1] == Reach("", (2,))


def test_reach_shows_the_shares_that_will_be_served() -> None:
    counted = reach(flag(), FOUR_WEEKS, (), at=NOW)
    direct = sample(served(FOUR_WEEKS, 1), (), at=NOW, context={"groups": ["beta-testers"]})
    assert counted[1].counts[1] == direct.count("on")


def test_another_variant_than_true_can_be_rolled_out() -> None:
    of = Plan("red", "blue", (stage(100_000, "internal"), stage(100_000)))
    colours = (Variant("blue", "b"), Variant("red", "r"))
    assert change_for(of, 0).default_variant == "blue"
    assert reach(flag(variants=colours), of, (), at=NOW, size=3)  # invalid for a boolean flag: nobody is counted
