"""What the rollout form can say, as rules and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.audience import Audience, everyone, from_rules, main_variant, named_groups, to_rules
from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Fixed,
    FlagType,
    In,
    InSegment,
    Not,
    Nothing,
    Rule,
    Split,
    Variant,
)
from tests.flags.domain.build import NOW, flag, ramp, rule

QUARTER = (("on", 25_000), ("off", 75_000))


def test_everyone_gets_one_variant_without_a_rule() -> None:
    audience = everyone("on")
    assert to_rules(audience) == ()
    assert audience.default_variant == "on"


def test_a_share_of_everyone_is_one_split_for_all() -> None:
    assert to_rules(Audience((), QUARTER, "off")) == (Rule("rollout", None, Split(QUARTER)),)


def test_a_group_that_is_wholly_on_is_one_fixed_rule_and_the_rest_is_the_default() -> None:
    audience = Audience(("internal", "beta-testers"), (("on", 100_000),), "off")
    assert to_rules(audience) == (Rule("rollout", InSegment(("internal", "beta-testers")), Fixed("on")),)
    assert audience.default_variant == "off"


def test_a_share_of_a_group_is_a_split_for_its_members() -> None:
    found = to_rules(Audience(("internal",), QUARTER, "off"), rule_id="mine")
    assert found == (Rule("mine", InSegment(("internal",)), Split(QUARTER)),)


def test_a_full_weight_beside_an_empty_one_counts_as_one_variant() -> None:
    audience = Audience((), (("on", 100_000), ("off", 0)), "off")
    assert audience.whole == "on"
    assert to_rules(audience) == ()


def test_a_group_gone_back_to_everyone_does_not_leave_its_rest_behind() -> None:
    assert Audience((), (("on", 100_000),), "off").default_variant == "on"
    assert Audience((), QUARTER, "off").default_variant == "off"


def test_no_rules_read_as_everyone_getting_the_default() -> None:
    assert from_rules((), "on") == Audience((), (("on", 100_000),), "on")


def test_the_group_all_reads_as_everyone() -> None:
    found = from_rules([rule(ramp(10_000), InSegment(("internal", "all")))], "off")
    assert found is not None
    assert found.groups == ()


@pytest.mark.parametrize(
    "rules",
    [
        [rule(ramp(10_000), id="a"), rule(Fixed("on"), id="b")],
        [rule(Fixed("on"), In(("country",), ("DE",)))],
        [rule(Fixed("on"), Not(InSegment(("internal",))))],
        [rule(Fixed("on"), All((InSegment(("internal",)), InSegment(("beta",)))))],
    ],
    ids=["two rules", "an attribute", "not in a group", "in both groups"],
)
def test_rules_that_say_more_than_the_form_are_refused(rules: list[Rule]) -> None:
    assert from_rules(rules, "off") is None


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    groups = draw(st.lists(st.sampled_from(["internal", "beta-testers", "early-adopters"]), unique=True))
    share = draw(st.integers(1, 99_999) | st.just(100_000))
    weights = (("on", share), ("off", 100_000 - share))
    others = draw(st.sampled_from(["on", "off"]))
    return Audience(tuple(groups), weights[:1] if share == 100_000 else weights, others)


@given(audiences())
def test_every_audience_survives_the_way_to_rules_and_back(audience: Audience) -> None:
    found = from_rules(to_rules(audience), audience.default_variant)
    assert found is not None
    assert (found.groups, found.weights) == (audience.groups, audience.weights)
    if audience.groups:
        assert found.others == audience.others


@given(audiences(), st.text("abcdef0123456789", min_size=1, max_size=8), st.booleans())
def test_rules_serve_what_the_audience_says(audience: Audience, user: str, member: bool) -> None:
    built = flag(*to_rules(audience), default=audience.default_variant)
    context = {"targetingKey": user, "groups": list(audience.groups) if member else []}
    variant = compile_flag(built, {}).evaluate(context, NOW).variant
    if audience.groups and not member:
        assert variant == audience.others
    elif audience.whole:
        assert variant == audience.whole


def test_groups_are_found_at_any_depth_each_once() -> None:
    inner = Any((InSegment(("b", "a")), Nothing((Not(InSegment(("c",))), In(("x",), (1,))))))
    rules = [rule(Fixed("on"), InSegment(("a",))), rule(Fixed("on"), All((inner,))), rule(Fixed("on"))]
    assert named_groups(rules) == ("a", "b", "c")


def test_on_means_true_for_a_boolean_flag_whatever_its_variants_are_called() -> None:
    variants = (Variant("legacy", False), Variant("modern", True))
    assert main_variant(FlagType.BOOLEAN, variants, "legacy") == "modern"


def test_on_means_the_first_variant_that_is_not_served_when_off() -> None:
    variants = (Variant("red", "red"), Variant("blue", "blue"), Variant("green", "green"))
    assert main_variant(FlagType.STRING, variants, "green") == "red"
    assert main_variant(FlagType.STRING, variants, "red") == "blue"


def test_a_flag_with_one_variant_is_on_with_that_one() -> None:
    assert main_variant(FlagType.STRING, (Variant("only", "x"),), "only") == "only"
