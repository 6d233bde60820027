"""What people type about flags, and what it becomes. No database is needed."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from apps.core.fields import PercentField, percent_text
from apps.flags.domain.audience import Audience
from apps.flags.domain.engine.definitions import Fixed, Flag, FlagStatus, FlagType, In, InSegment, Split, Variant
from apps.flags.forms import LiftKillForm, PreviewForm, RolloutForm, ToggleForm, Variants
from apps.flags.forms.fields import TagsField
from tests.flags.domain.build import flag, ramp, rule

THREE = (Variant("a", "A"), Variant("b", "B"), Variant("c", "C"))


def rollout(of: Flag, *segments: str, **data: Any) -> RolloutForm:
    sent = QueryDict(mutable=True)
    for name, value in {"version": 1, "who": "everyone", "others": of.off_variant, **data}.items():
        sent.setlist(name, value if isinstance(value, list) else [str(value)])
    return RolloutForm(sent, flag=of, segments=segments)


def shown(of: Flag, *segments: str) -> dict[str, Any]:
    form = RolloutForm(flag=of, segments=segments)
    return {field.name: field.value() for field in form}


# Shares


@pytest.mark.parametrize(
    ("typed", "weight"),
    [("25", 25_000), ("0", 0), ("100", 100_000), ("0.001", 1), ("12,5", 12_500), (" 33.333 ", 33_333)],
)
def test_per_cent_becomes_a_weight_out_of_100000(typed: str, weight: int) -> None:
    assert PercentField().clean(typed) == weight


@pytest.mark.parametrize("typed", ["", "-0.001", "100.001", "0.0001", "many", "NaN", "Infinity", "1e9"])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        PercentField().clean(typed)


@pytest.mark.parametrize(("weight", "text"), [(25_000, "25"), (500, "0.5"), (1, "0.001"), (0, "0"), (100_000, "100")])
def test_a_weight_is_shown_as_per_cent(weight: int, text: str) -> None:
    assert percent_text(weight) == text


def test_every_share_survives_the_way_through_the_form() -> None:
    for weight in (0, 1, 999, 1_000, 33_333, 66_667, 99_999, 100_000):
        assert PercentField().clean(percent_text(weight)) == weight


# Rollout


def test_two_variants_need_one_number_and_the_rest_gets_the_other() -> None:
    form = rollout(flag(), share="25")
    assert form.is_valid()
    assert form.audience == Audience((), (("on", 25_000), ("off", 75_000)), "off")
    assert form.change.rules == (rule(ramp(25_000)),)
    assert (form.change.status, form.change.default_variant) == (None, "off")


def test_the_number_is_about_true_whatever_its_place() -> None:
    variants = (Variant("off", False), Variant("on", True))
    form = rollout(flag(variants=variants), share="25")
    assert form.is_valid()
    assert form.audience.weights == (("off", 75_000), ("on", 25_000))


@pytest.mark.parametrize(("share", "served"), [("100", "on"), ("0", "off")])
def test_all_or_none_needs_no_rule(share: str, served: str) -> None:
    form = rollout(flag(), share=share)
    assert form.is_valid()
    assert (form.change.rules, form.change.default_variant) == ((), served)


def test_a_wholly_chosen_group_gets_one_variant_and_the_others_theirs() -> None:
    form = rollout(flag(), "internal", who="groups", groups=["internal"], share="100", others="off")
    assert form.is_valid()
    assert form.change.rules == (rule(Fixed("on"), InSegment(("internal",))),)
    assert form.change.default_variant == "off"


def test_groups_that_are_ticked_do_not_count_for_everyone() -> None:
    form = rollout(flag(), "internal", who="everyone", groups=["internal"], share="50")
    assert form.is_valid()
    assert form.audience.groups == ()


def test_three_variants_take_a_share_each_and_empty_ones_stay_out() -> None:
    of = flag(type=FlagType.STRING, variants=THREE, default="a", off="c")
    form = rollout(of, share_0="60", share_1="0", share_2="40")
    assert form.is_valid()
    (only,) = form.change.rules or ()
    assert only.serve == Split((("a", 60_000), ("c", 40_000)))


@pytest.mark.parametrize(
    ("third", "told"), [("10", "add up to 90 %: 10 % is missing"), ("20.5", "add up to 100.5 %: 0.5 % too much")]
)
def test_shares_that_do_not_add_up_say_by_how_much(third: str, told: str) -> None:
    of = flag(type=FlagType.STRING, variants=THREE, default="a", off="c")
    form = rollout(of, share_0="50", share_1="30", share_2=third)
    assert told in str(form.errors["share_0"])


def test_a_share_at_fault_is_told_alone() -> None:
    of = flag(type=FlagType.STRING, variants=THREE, default="a", off="c")
    assert list(rollout(of, share_0="x", share_1="30", share_2="10").errors) == ["share_0"]


def test_one_variant_has_no_share_to_choose() -> None:
    of = flag(type=FlagType.STRING, variants=THREE[:1], default="a", off="a")
    form = rollout(of)
    assert form.is_valid()
    assert form.share_fields == []
    assert form.audience.whole == "a"


def test_a_group_that_nobody_defined_but_a_rule_names_can_stay() -> None:
    of = flag(rule(ramp(5_000), InSegment(("partners",))))
    assert shown(of, "internal")["groups"] == ["partners"]
    assert rollout(of, "internal", who="groups", groups=["partners"], share="6").is_valid()
    assert "groups" in rollout(of, "internal", who="groups", groups=["strangers"], share="6").errors


def test_the_form_shows_what_is_served() -> None:
    assert shown(flag(rule(ramp(25_000))))["share"] == "25"
    grouped = shown(flag(rule(Fixed("on"), InSegment(("internal",))), default="on"), "internal")
    assert (grouped["who"], grouped["groups"], grouped["share"]) == ("groups", ["internal"], "100")
    assert grouped["others"] == "on"


def test_who_was_never_told_apart_starts_with_the_off_variant() -> None:
    assert shown(flag(default="on"))["others"] == "off"


def test_turning_on_is_offered_only_while_the_flag_is_off() -> None:
    assert "turn_on" not in rollout(flag(), share="5").fields
    form = rollout(flag(status=FlagStatus.OFF), share="5", turn_on="on")
    assert form.is_valid()
    assert form.change.status is FlagStatus.ON


def test_rules_that_say_more_have_no_present_audience() -> None:
    assert RolloutForm(flag=flag(rule(Fixed("on"), In(("x",), (1,)))), segments=()).present is None


# States


def test_a_toggle_keeps_the_rules_only_when_asked() -> None:
    def toggle(**data: str) -> ToggleForm:
        form = ToggleForm(
            {"version": "1", **data}, reason_required=False, variants=["on", "off"], main="on", has_rules=True
        )
        assert form.is_valid()
        return form

    assert toggle(scope="rules").keeps_rules
    assert not toggle(scope="everyone").keeps_rules
    assert not toggle().keeps_rules


def test_many_variants_ask_which_one_everyone_gets() -> None:
    options: dict[str, Any] = {"reason_required": False, "variants": ["a", "b", "c"], "main": "b", "has_rules": False}
    form = ToggleForm({"version": "1", "variant": "c"}, **options)
    assert form.is_valid()
    assert form.variant == "c"
    assert "variant" in ToggleForm({"version": "1", "variant": "d"}, **options).errors


def test_a_kill_is_lifted_to_on_or_off_with_a_reason() -> None:
    assert LiftKillForm({"version": "2", "status": "on", "reason": "fixed"}).is_valid()
    assert set(LiftKillForm({"version": "2", "status": "killed", "reason": " "}).errors) == {"status", "reason"}


def test_a_form_that_lost_its_version_says_what_to_do() -> None:
    assert "Open the page again" in str(LiftKillForm({"status": "on", "reason": "x"}).errors["version"])


# Variants and the rest


def variants(*rows: tuple[str, str]) -> Variants:
    data = {"variants-TOTAL_FORMS": str(len(rows)), "variants-INITIAL_FORMS": "0"}
    for n, (key, value) in enumerate(rows):
        data |= {f"variants-{n}-key": key, f"variants-{n}-value": value}
    return Variants(data)


def test_empty_rows_do_not_count() -> None:
    assert variants(("", ""), ("a", "1"), ("", "")).read(FlagType.INTEGER) == [("a", 1)]


def test_rows_that_a_script_removed_read_as_empty() -> None:
    data = {"variants-TOTAL_FORMS": "3", "variants-INITIAL_FORMS": "0", "variants-2-key": "a", "variants-2-value": "1"}
    assert Variants(data).read(FlagType.INTEGER) == [("a", 1)]


def test_a_text_may_be_empty_or_look_like_anything() -> None:
    assert variants(("a", ""), ("b", "true"), ("c", " 1")).read(FlagType.STRING) == [
        ("a", ""),
        ("b", "true"),
        ("c", " 1"),
    ]


def test_a_services_complaint_goes_to_the_row_it_means() -> None:
    given = variants(("", ""), ("a", "x"), ("b", "y"))
    given.read(FlagType.STRING)
    given.add_fault("variants[1].value", "is too large")
    assert given.rows.forms[2].errors == {"value": ["is too large"]}
    given.add_fault("variants", "too many")
    assert given.faults == ["too many"]


def test_a_form_without_rows_is_at_fault_not_broken() -> None:
    assert Variants({}).read(FlagType.BOOLEAN) is None


def test_too_many_tags_are_refused() -> None:
    field = TagsField(required=False)
    assert field.clean("a, b,a") == ["a", "b"]
    with pytest.raises(ValidationError):
        field.clean(",".join(f"t{n}" for n in range(21)))
    with pytest.raises(ValidationError):
        field.clean("x" * 51)


def test_a_preview_asks_about_somebody_only_when_named() -> None:
    assert asked() is None
    assert asked(user="u-1") == {"targetingKey": "u-1"}
    assert asked(user="u-1", context='{"plan": "pro"}') == {"targetingKey": "u-1", "plan": "pro"}
    assert asked(context='{"targetingKey": 7}') == {"targetingKey": 7}


def asked(**data: str) -> dict[str, Any] | None:
    form = PreviewForm(data)
    assert form.is_valid()
    return form.asked
